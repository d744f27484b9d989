-- Dead letters know their place in the block, so that a later decoder can put them where they belong. Rows from before
-- this migration have none; their transaction's other events tell it, if there are any.
ALTER TABLE dead_letters
    ADD COLUMN tx_index    INTEGER,
    -- When its bytes became an event.
    ADD COLUMN replayed_at TIMESTAMPTZ;
CREATE INDEX open_dead_letters ON dead_letters (id) WHERE replayed_at IS NULL;
