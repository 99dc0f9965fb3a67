"""Facts: procedures, blocks, questionnaires, events, work-ups and contacts, all stored in the same way."""
