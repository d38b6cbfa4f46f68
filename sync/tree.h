/*
 * tree -- one generation of the erasure tree (Goldreich-Goldwasser-Micali).
 *
 * From the root, 56 halvings lead to a record's leaf.  Puncturing a leaf
 * forgets every node on its way and keeps the siblings: that leaf can never
 * be derived again, all others can.  WIRE.md, section 2.  All nodes lie in
 * locked memory.
 */
#ifndef SYNC_TREE_H
#define SYNC_TREE_H

#include "sync/change.h"

struct tree;

/* A fresh generation from its root; and one from random bytes. */
struct tree *tree_new(uint32_t g, const uint8_t root[WIRE_KEY_LEN]);
void tree_free(struct tree *);
uint32_t tree_generation(const struct tree *);

/*
 * The leaf of index.  False if it is punctured.  Keeps the last path, so a
 * run of indexes of one creator costs about two levels each.
 */
bool tree_leaf(uint8_t out[WIRE_KEY_LEN], struct tree *,
    const struct index *);

/* Not punctured?  Cheaper than the leaf. */
bool tree_has(const struct tree *, const struct index *);

/* The state after also puncturing index; puncturing twice changes nothing. */
void tree_puncture(struct tree *, const struct index *);

/* The tree state of WIRE.md 2.  The buffer holds secrets: buf_wipe it. */
size_t tree_size(const struct tree *);		/* of the state, encoded */
void tree_encode(struct buf *, const struct tree *);
fault tree_decode(struct tree **out, struct reader *) MUST_CHECK;

/* H(key=T_g, "kit1.com" ...); only of an unpunctured tree: zeros otherwise. */
struct hash tree_commitment(const struct tree *);

#endif
