/*
 * envelope -- which secrets a device lacks, sealed to its box key in a
 * keyring; and opening one's own.
 *
 * A role needs, of every epoch in the roster, its share of the secrets, and
 * the trees that the epochs name (an auditor: none).  A device has what it
 * attested ("epoch <e>").  What is between goes into its envelope; one that
 * lacks nothing gets none, so in the steady state a keyring is empty.
 */
#ifndef SYNC_ENVELOPE_H
#define SYNC_ENVELOPE_H

#include "sync/keyring.h"
#include "sync/roster.h"

struct recipient {
	struct id	device;
	enum role	role;		/* now */
	uint8_t		box_pk[32];	/* the newest that it announced */
	/*
	 * Attested: it holds every secret of had_role up to had_epoch.
	 * had_role is its role at the roster position that its statement
	 * quotes; had_epoch 0: nothing.
	 */
	enum role	had_role;
	uint32_t	had_epoch;
};

/* What a keyring is to be made of. */
struct envelope_plan {
	struct keyring_head head;	/* its entry bound already or not */
	const struct roster *roster;	/* with the new epoch, if there is one */
	const struct recipient *to;	/* in any order, a device once */
	size_t		nto;
};

/* Does it lack anything up to the roster's newest epoch? */
bool envelope_lacks(const struct recipient *, const struct roster *);

/*
 * Append the blob of a keyring: an envelope for each recipient that lacks
 * something, trees as they are now.
 *
 * FAULT_LOCKED if we do not hold all that somebody lacks, or do not know a
 * role: nobody is left out in silence.  FAULT_TRUST with the device's id if
 * nothing can be sealed to its box key (ask sign_box_usable when a key is
 * announced).  FAULT_INVALID above the bounds of WIRE.md 7, FAULT_FORMAT for
 * what could not be read again: a device twice, a number out of bounds.
 *
 * Of very many epochs and trees the oldest come first, as many as the bounds
 * allow; the rest when those are attested.
 */
fault envelope_make(struct buf *blob, const struct envelope_plan *,
    const struct keys *) MUST_CHECK;

#define ENVELOPE_BOXES	2u	/* box secrets that a device holds at most */

struct envelope_box {
	uint8_t		pk[32];
	const uint8_t	*sk;		/* 32 bytes, in locked memory */
};

struct envelope_reader {
	struct id	self;
	struct envelope_box boxes[ENVELOPE_BOXES];
	size_t		nboxes;
	const struct roster *roster;
	uint64_t	n;		/* the ref's */
};

enum envelope_found {
	ENVELOPE_NONE,		/* none for this device: it lacks nothing */
	ENVELOPE_UNBOUND,	/* the keyring's entry is not in this roster */
	ENVELOPE_STALE,		/* none of our box keys opens ours */
	ENVELOPE_OPENED
};

struct envelope_result {
	enum envelope_found found;
	size_t		box;		/* which of the boxes opened it */
	size_t		secrets, authors, trees;	/* new here */
};

/*
 * Open our envelope of a keyring whose commit was verified, into our keys:
 * all of it or nothing.  FAULT_TRUST if a secret is not what the roster
 * commits to, an epoch or tree is in no epoch of the roster, or our own A is
 * another than the one held; FAULT_FORMAT for bytes.  A tree that is held
 * stays as it is, and from a new one every leaf goes that the roster says is
 * erased: what was punctured never comes back.  (With a ledger secret that is
 * new here more of the roster may open: read it again, then roster_puncture.)
 */
fault envelope_open(struct keys *into, struct envelope_result *,
    struct bytes blob, const struct envelope_reader *) MUST_CHECK;

/*
 * Up to which epoch does this device hold every secret and tree of its role?
 * 0: not even of the first.  For the line "epoch <e>".
 */
uint32_t envelope_complete(const struct keys *, enum role,
    const struct roster *);

#endif
