"""Recordings of walkers in whom somebody is searched for, with the truth about who is where."""
