"""The operator's look into what an owner keeps to itself: opened with a reason, for a time (T7).

Drafts, demands for brokers alone, introductions, private files, an owner's account: who runs the
site sees none of it by the role. A *grant* opens one organisation's private rows to one operator
until its end, or until it is ended; that organisation is told at once and reads the reason. The
row policies ask the table itself (`ybj_opened`, ground/database).
"""
