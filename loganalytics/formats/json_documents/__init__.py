"""JSON that is not an object a line: arrays, envelopes, pretty-printed objects, several objects on a line."""
