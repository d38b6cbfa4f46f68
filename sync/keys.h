/*
 * keys -- what a member holds to open and seal: the secrets of its
 * compartments by epoch, its own author secrets, the erasure trees.
 *
 * The key schedule is WIRE.md, section 2.  Everything lies in locked memory.
 */
#ifndef SYNC_KEYS_H
#define SYNC_KEYS_H

#include "sync/tree.h"

struct keys;

struct keys *keys_new(void);
void keys_free(struct keys *);

/* S[c][e].  Putting one again is fine. */
void keys_put_secret(struct keys *, enum compartment, uint32_t e,
    const uint8_t secret[WIRE_KEY_LEN]);
/* This device's own A of c (identity, restricted) in epoch e. */
void keys_put_author(struct keys *, enum compartment, uint32_t e,
    const uint8_t author[WIRE_KEY_LEN]);
/* Takes the tree; one of the same generation is replaced. */
void keys_put_tree(struct keys *, struct tree *);

bool keys_has_secret(const struct keys *, enum compartment, uint32_t e);
/* False if it is not held. */
bool keys_get_secret(uint8_t out[WIRE_KEY_LEN], const struct keys *,
    enum compartment, uint32_t e);
bool keys_get_author(uint8_t out[WIRE_KEY_LEN], const struct keys *,
    enum compartment, uint32_t e);
struct tree *keys_tree(const struct keys *, uint32_t g);	/* NULL: none */

/* A new epoch: random S of all four; and a new tree g.  For coordinators. */
void keys_draw_epoch(struct keys *, uint32_t e);
void keys_draw_tree(struct keys *, uint32_t g);

/* Forget for good: a draft that lost its race, an epoch of a left project. */
void keys_drop_epoch(struct keys *, uint32_t e);	/* S and A */
void keys_drop_tree(struct keys *, uint32_t g);

/* What of an epoch's secret of a compartment a role holds; later is more. */
enum share { SHARE_NONE, SHARE_AUTHOR, SHARE_SECRET };
enum share keys_share(enum role, enum compartment);
bool keys_share_trees(enum role);

/* Take over what from has: its secrets, its A, and the trees not held yet. */
void keys_take(struct keys *to, struct keys *from);

/* What an invitation hands to a role: secrets, author's own, trees. */
struct keys *keys_for_role(const struct keys *, enum role,
    const struct id *device);
/* What is left of a device's own keys in a lesser role than before. */
struct keys *keys_reduced(const struct keys *, enum role,
    const struct id *self);

struct hash keys_commitment(const uint8_t secret[WIRE_KEY_LEN],
    enum compartment, uint32_t e);
void keys_author(uint8_t out[WIRE_KEY_LEN], const uint8_t s[WIRE_KEY_LEN],
    const struct id *device);

/* FAULT_LOCKED if S[ledger][e] is not held. */
fault keys_ledger(uint8_t out[WIRE_KEY_LEN], const struct keys *, uint32_t e)
    MUST_CHECK;

struct entry_place {
	uint32_t	g, e;
	enum compartment comp;
	struct id	sealer;		/* the sealing device */
	struct id	self;		/* this device: whose A is held */
	struct index	index;
};

/*
 * K of an entry.  FAULT_LOCKED if its compartment's secret (or, for the
 * sealer's own compartments, S or its A) or the tree is not held,
 * FAULT_ERASED if the leaf is punctured.
 */
fault keys_entry(uint8_t out[WIRE_KEY_LEN], struct keys *,
    const struct entry_place *) MUST_CHECK;

/* The key set of WIRE.md 8.  Secret: buf_wipe. */
void keys_encode(struct buf *, const struct keys *);
fault keys_decode(struct keys **out, struct reader *) MUST_CHECK;

#endif
