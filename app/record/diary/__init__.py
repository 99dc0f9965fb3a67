"""The record of the diary."""
