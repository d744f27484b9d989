-- Indexes for what the Explorer API asks. On a large database make them by hand before, with CREATE INDEX CONCURRENTLY.

-- What a pool lost, without what else happened to it.
CREATE INDEX IF NOT EXISTS stake_losses_by_pool ON stake_events (pool, event_id DESC)
    WHERE kind IN ('StakeSlashed', 'StakeForfeited');
-- Whoever has an address is found by it, with the newest of what they did.
CREATE INDEX IF NOT EXISTS proposals_by_proposer ON proposals (proposer, event_id DESC);
CREATE INDEX IF NOT EXISTS models_by_publisher ON models (publisher, event_id DESC);
CREATE INDEX IF NOT EXISTS jobs_by_fault_prover ON jobs (fault_prover, event_id DESC) WHERE fault_prover IS NOT NULL;
CREATE INDEX IF NOT EXISTS audited_cells_by_prover ON audited_cells (prover, event_id DESC);
CREATE INDEX IF NOT EXISTS challenges_by_prover ON challenges (prover, event_id DESC) WHERE prover IS NOT NULL;
CREATE INDEX IF NOT EXISTS demands_by_demander ON demands (demander, event_id DESC);
CREATE INDEX IF NOT EXISTS demands_by_answerer ON demands (answered_by, event_id DESC) WHERE answered_by IS NOT NULL;
