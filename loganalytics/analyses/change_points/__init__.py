"""Where the course of a count changes: spikes, dips, steps and trends."""
