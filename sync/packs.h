/*
 * packs -- all packs of a repository, as one place to look in.
 */
#ifndef SYNC_PACKS_H
#define SYNC_PACKS_H

#include "sync/packread.h"

struct packs;

/* Borrows g.  A folder without packs has none. */
struct packs *packs_new(const struct gitdir *g);
void packs_free(struct packs *);

/* Look again: those that came, and without those that went. */
void packs_refresh(struct packs *);

/*
 * Where oid is; *p is NULL if it is in none.  *offset is for packread.  A
 * fault if it is in none that can be read, but some cannot.
 */
fault packs_find(struct packread **p, uint64_t *offset, struct packs *,
    const struct oid *) MUST_CHECK;

#endif
