"""Tables in text: CSV and TSV with or without a header, W3C, Zeek, flow logs and the CSV logs of databases."""
