"""The draw (抽取): random, and anybody can check it.

The idea, for a stranger. Businesses are to be drawn for inspection so that nobody, not even the
office that draws, can choose them, and so that everybody can see afterwards that nobody did.

1. **Seal.** Who may be drawn (`pool`), how many of which kind (`strata`), which inspectors stand
   ready, by which code, and from which public events the randomness will come (`randomness`) are
   written into one small file, `seal.json` (`sealing`), and its hash is published (`chain`).
2. **Wait.** A lottery is drawn, a beacon ticks, departments open their envelopes. Only now is the
   random value known, and the seal can no longer be changed without its hash changing too.
3. **Ticket.** The seal and the values together are the seed (`seed`). Each candidate's ticket is
   one hash, HASH(seed + id) (`tickets`); the lowest tickets win. `printf %s%s SEED ID | sha256sum`
   checks one. Adding or removing one candidate never reorders the others.
4. **Pair.** The inspectors of each department are matched with the visits as the unique minimum of
   a published whole-number objective (`pairing`), so there is nothing to choose there either.
5. **Verify.** `verifier` is one file that shares no code with the rest and needs only Python;
   `pairing_verifier` stands beside it and checks who was sent where.

Nothing in it is a float, so a verifier in any language agrees bit for bit. The package is pure: it
opens no file, asks no clock and knows no database; the flows give it bytes and take bytes from it.

After: Rivest's consistent sampling; Ohlsson's sequential Poisson sampling; RFC 6962 (Merkle trees);
RFC 8785 (canonical JSON).
"""
