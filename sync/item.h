/*
 * item -- the bytes of a roster entry: items in clear, and items sealed for
 * those who hold the ledger's secret.  WIRE.md, section 5.
 *
 * Only form is judged here: lengths, bounds, known values.  Who may, and
 * what follows, is roster's.
 */
#ifndef SYNC_ITEM_H
#define SYNC_ITEM_H

#include "sync/keys.h"
#include "sync/squeeze.h"

enum roster_item {
	ITEM_PROJECT = 1, ITEM_MEMBER, ITEM_PAPER, ITEM_EPOCH, ITEM_INVITE,
	ITEM_UNINVITE, ITEM_ADMIT, ITEM_CUT, ITEM_CAPS, ITEM_HOME,
	ITEM_APPROVE, ITEM_FEATURE, ITEM_RECOVER, ITEM_OLD_EPOCH,
	ITEM_TITLE = 65, ITEM_NAME, ITEM_REASON, ITEM_PACK, ITEM_ERASE
};

#define ITEM_NAME_MAX	100u		/* bytes of a person's name */
#define ITEM_TITLE_MAX	200u
#define ITEM_REASON_MAX	4096u
#define ITEM_PAIRS_MAX	4096u		/* of an erase item */
#define EPOCH_TO_PAPER	176		/* four secrets and a box's overhead */

enum cut_reason { CUT_REVOKED = 1, CUT_DEMOTED, CUT_LEFT, CUT_FROZEN };
enum approve_how { APPROVE_COORDINATOR = 1, APPROVE_PAPER };

struct epoch {
	uint32_t	e, g;
	uint64_t	opened_at;	/* roster seq */
	struct hash	secret[COMP_COUNT], tree;	/* commitments */
	uint8_t		to_paper[EPOCH_TO_PAPER];
};

/* One item; a field is set where its kind has it, and zero elsewhere. */
struct entry_item {
	uint8_t		kind;
	bool		known;
	struct bytes	body;			/* borrowed; all of it */
	struct id	id;	/* project, device, hub or erased record */
	uint8_t		sign_pk[32];	/* an invitation's one-time key too */
	uint8_t		box_pk[32];
	uint8_t		caps, flags, role, reason, how;
	uint16_t	feature;
	uint64_t	time;			/* expires; of an erasure */
	uint64_t	seq, main_seq;		/* cut, approve */
	struct hash	hash;	/* cut, approve; H(invitation file) */
	struct hash	main_hash;
	uint8_t		sig[WIRE_SIG_LEN];	/* of the paper key */
	struct epoch	epoch;
	struct bytes	text;	/* borrowed: title, name, reason, pack */
	struct bytes	basis, type;	/* borrowed; of an erasure */
	struct bytes	pairs;	/* ... checked: g u32, creator id, n u32 each */
};

/* An entry's blob, split; everything borrows from it. */
struct entry_text {
	struct bytes	items;
	uint16_t	nitems;
	uint32_t	sealed_epoch;		/* 0: nothing sealed */
	uint8_t		seed[WIRE_SEED_LEN];
	struct bytes	before, box;		/* what AD covers; the box */
};

/* FAULT_FORMAT unless the frame is whole. */
fault item_split(struct entry_text *out, struct bytes blob) MUST_CHECK;

/*
 * The next of a run of items; the reader is spoilt if its body is not as
 * its kind says.  A kind that we do not know comes with known = false.
 */
struct entry_item item_next(struct reader *);

/*
 * Append the sealed items' bytes to out.  FAULT_LOCKED without the secret,
 * FAULT_TRUST if the box does not open with it, FAULT_FORMAT for its frame.
 * z may be NULL: it is used only if it has no dictionary.
 */
fault item_unseal(struct buf *out, const struct entry_text *,
    const struct keys *, struct squeeze *z) MUST_CHECK;

void item_put(struct buf *, enum roster_item, struct bytes body);
/*
 * Append the blob of clear's items and, under its sealed epoch, of sealed.
 * FAULT_INVALID if it is too long.
 */
fault item_seal(struct buf *blob, const struct entry_text *clear,
    struct bytes sealed, const struct keys *, struct squeeze *z) MUST_CHECK;

#endif
