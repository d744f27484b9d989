-- Derived rows name the event that made them, but no foreign key does any more: checking it locked a row of `events` for every
-- derived row. Nothing relied on the cascade: where events go, the derived tables are computed anew.
ALTER TABLE audited_cells DROP CONSTRAINT audited_cells_event_id_fkey;
ALTER TABLE challenges DROP CONSTRAINT challenges_event_id_fkey;
ALTER TABLE demands DROP CONSTRAINT demands_event_id_fkey;
ALTER TABLE devices DROP CONSTRAINT devices_event_id_fkey;
ALTER TABLE jobs DROP CONSTRAINT jobs_event_id_fkey;
ALTER TABLE loyalty DROP CONSTRAINT loyalty_event_id_fkey;
ALTER TABLE models DROP CONSTRAINT models_event_id_fkey;
ALTER TABLE operators DROP CONSTRAINT operators_event_id_fkey;
ALTER TABLE parameter_changes DROP CONSTRAINT parameter_changes_event_id_fkey;
ALTER TABLE pauses DROP CONSTRAINT pauses_event_id_fkey;
ALTER TABLE pools DROP CONSTRAINT pools_event_id_fkey;
ALTER TABLE positions DROP CONSTRAINT positions_event_id_fkey;
ALTER TABLE price_points DROP CONSTRAINT price_points_event_id_fkey;
ALTER TABLE proposals DROP CONSTRAINT proposals_event_id_fkey;
ALTER TABLE redemptions DROP CONSTRAINT redemptions_event_id_fkey;
ALTER TABLE rounds DROP CONSTRAINT rounds_event_id_fkey;
ALTER TABLE schedule_mints DROP CONSTRAINT schedule_mints_event_id_fkey;
ALTER TABLE stake_events DROP CONSTRAINT stake_events_event_id_fkey;
ALTER TABLE users DROP CONSTRAINT users_event_id_fkey;
ALTER TABLE votes DROP CONSTRAINT votes_event_id_fkey;
