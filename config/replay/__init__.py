"""The books a second time: every lot and every journal line worked out anew from the business events, and compared.

`times` and `model` are the rules in plain Python; `events` reads the rows; `compare` says what differs. None of it uses
the services and reports that made the books.
"""
