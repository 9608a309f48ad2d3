"""Pure rules of the registers: no database, no clock, no settings."""
