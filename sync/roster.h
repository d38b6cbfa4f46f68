/*
 * roster -- who belongs: the state that the roster's entries make, and the
 * bytes of an entry.  WIRE.md, section 5.
 *
 * A pure state machine: entries go in, in order; nothing here opens a
 * repository.  Without the ledger's secret the sealed parts stay closed:
 * names, roles, title and pack are then unknown, the rest is complete.
 */
#ifndef SYNC_ROSTER_H
#define SYNC_ROSTER_H

#include "sync/commit.h"
#include "sync/erased.h"
#include "sync/join.h"

enum member_status {
	MEMBER_INVITED,		/* invitation open, nobody admitted */
	MEMBER_UNINVITED,	/* invitation taken back */
	MEMBER_ACTIVE,
	MEMBER_CUT		/* revoked, left or frozen; see the cut */
};

struct member {
	struct id	device;
	enum member_status status;
	uint8_t		once_pk[32];	/* of the invitation; zeros: the first */
	struct hash	file;		/* H(invitation file) */
	uint64_t	expires;	/* s since 1970 */
	uint64_t	invited_at;	/* roster seq of the invitation; 0: none */
	uint64_t	admitted_at;	/* roster seq; 0: not admitted */
	uint8_t		sign_pk[32], box_pk[32];
	uint8_t		caps;
	bool		waiting;	/* invited, but a second signature lacks */
	uint64_t	cut_at;		/* roster seq of the cut; 0: none */
	enum cut_reason	cut_reason;	/* CUT_DEMOTED: still active */
	uint64_t	cut_seq, cut_main_seq;
	struct hash	cut_hash, cut_main_hash;
	char		*name;		/* NULL: not known here */
	enum role	role;		/* 0: not known here */
	/*
	 * What it may really read: its role, but a coordinator's only while it
	 * is admitted and may coordinate (a second signature may lack).  Before
	 * entry standing_at it was another; 0: never.
	 */
	enum role	standing, standing_before;
	uint64_t	standing_at;
	bool		coordinates;	/* active, and may coordinate */
	uint64_t	coordinates_at;	/* since which entry, last; 0: never */
};

/*
 * An action that needs a second signature and has one: adding or removing a
 * coordinator, moving the home, replacing the paper key.  It has no effect
 * until an `approve` names its entry.
 */
struct held {
	uint64_t	seq;		/* of its entry */
	struct id	author;		/* who signed that */
	struct buf	item;		/* its bytes */
};

struct roster {
	struct id	project;
	struct hash	genesis;
	bool		practice;
	uint16_t	feature;
	bool		newer;		/* holds an item that we do not know */
	/*
	 * How often a sealed part did not open or was of no form, or an epoch
	 * was not of the keys that we hold.  What is in clear alone decides
	 * whether an entry is valid, so that all devices have one roster.
	 */
	size_t		unreadable;
	uint64_t	seq;		/* of the newest entry; 0: empty */
	struct hash	*entries;	/* hash of entry i + 1 */
	uint8_t		paper_sign[32], paper_box[32];
	struct member	*members;
	size_t		nmembers;
	struct epoch	*epochs;	/* ascending e */
	size_t		nepochs;
	struct held	*held;
	size_t		nheld;
	struct id	home;		/* hub id; zeros: none yet */
	char		*title;		/* NULL: not known here */
	struct buf	pack;		/* newest; empty: not known here */
	uint64_t	pack_at;	/* roster seq that brought it */
	struct erasures	erased;		/* as far as sealed parts opened */
};

struct roster *roster_new(void);
struct roster *roster_copy(const struct roster *);
void roster_free(struct roster *);

/*
 * Apply the next entry: seq and prev follow, the signer may coordinate, every
 * item in clear is allowed and whole.  keys may be NULL: they only decide what
 * of the sealed part is known.  On a fault the roster is unchanged; else members and epochs found
 * before are gone.  FAULT_FORMAT for bytes, FAULT_TRUST for who may not.  The
 * commit's signature was verified before; the entry's blob hash too.  The
 * squeezer may be NULL; it is used only if it has no dictionary.
 */
fault roster_apply(struct roster *, const struct commit *, struct bytes blob,
    struct keys *keys, struct squeeze *) MUST_CHECK;

/* Does this blob hold one recovery and nothing else in clear?  Its signer may
 * be any member; roster_apply asks for the paper key's word. */
bool roster_recovers(struct bytes blob);

const struct member *roster_member(const struct roster *, const struct id *);
/* Newest epoch; NULL in an empty roster. */
const struct epoch *roster_epoch(const struct roster *);
const struct epoch *roster_epoch_of(const struct roster *, uint32_t e);
/* The newest epoch as of entry seq; NULL if there was none. */
const struct epoch *roster_epoch_at(const struct roster *, uint64_t seq);
/* Hash of entry seq; NULL if there is none. */
const struct hash *roster_entry(const struct roster *, uint64_t seq);
/* The active member who signs with pk; NULL if there is none. */
const struct member *roster_signer(const struct roster *,
    const uint8_t pk[SIGN_PK]);
/* Is the first part of this device id in use already? */
bool roster_prefix_taken(const struct roster *, const struct id *);
/*
 * Is this the signing key or the one-time key of anybody, the paper key, or
 * no key?  The signing key of member `but` (NULL: none) does not count.
 */
bool roster_key_used(const struct roster *, const uint8_t pk[SIGN_PK],
    const struct member *but);
/*
 * Does this take up m's invitation, with keys that an entry may admit (or has
 * admitted for m)?
 */
bool roster_join_fits(const struct roster *, const struct member *m,
    const struct join *);
/*
 * Puncture in all trees held whatever the roster says is erased; how many
 * leaves were still there.
 */
size_t roster_puncture(const struct roster *, struct keys *);
/*
 * Forget secrets and trees that are not the roster's: they were drawn for an
 * epoch whose entry never bound.  How many epochs and trees went.
 */
size_t roster_drop_strange(const struct roster *, struct keys *);
/* Does m's chain end at its cut?  (A demoted device's goes on.) */
bool roster_ends(const struct member *m);
/*
 * Does number seq of main, signed by m and quoting that entry, lie before m's
 * cut (of the cut's own number the hash decides), or after m coordinated
 * again?
 */
bool roster_main_counts(const struct member *m, uint64_t seq,
    uint64_t quoted);
/* Did this key's member coordinate at entry `at`? */
bool roster_coordinated(const struct roster *, const uint8_t pk[SIGN_PK],
    uint64_t at);
/* Coordinators that are active. */
size_t roster_coordinators(const struct roster *);
const char *role_name(enum role);		/* "worker" */
bool role_parse(enum role *, const char *);
uint8_t role_caps(enum role);

/* Building an entry's blob: items in order, then finish. */
struct entry {
	struct buf	clear, sealed;
	uint16_t	nclear, nsealed;
};
#define ENTRY_EMPTY { BUF_EMPTY, BUF_EMPTY, 0, 0 }

/*
 * Texts are within the bounds of sync/item.h, as the caller has checked: an
 * entry that is not would be refused by roster_apply before it is written.
 */
void entry_project(struct entry *, const struct id *project, bool practice);
void entry_member(struct entry *, const struct member *); /* the first */
void entry_paper(struct entry *, const uint8_t sign[32],
    const uint8_t box[32]);
/* Commitments and the box to the paper key, from the keys held. */
struct epoch_plan {
	uint32_t	e, g;
	/* Commitment of T_g where it stands already: a punctured tree cannot
	 * tell it any more.  NULL: g is new. */
	const struct hash *tree;
	const uint8_t	*paper_box;	/* 32 bytes */
};
fault entry_epoch(struct entry *, const struct epoch_plan *, struct keys *)
    MUST_CHECK;
void entry_invite(struct entry *, const struct member *);
void entry_admit(struct entry *, const struct id *device,
    const uint8_t sign[32], const uint8_t box[32]);
void entry_uninvite(struct entry *, const struct id *device,
    bool never_handed_over);
/* Device and the fields cut_*, but cut_at. */
void entry_cut(struct entry *, const struct member *);
void entry_caps(struct entry *, const struct id *device, uint8_t caps);
void entry_home(struct entry *, const struct id *hub);
/* Another coordinator's second signature for entry seq; the paper key's. */
void entry_approve(struct entry *, uint64_t seq, const struct hash *);
void entry_approve_paper(struct entry *, uint64_t seq, const struct hash *,
    const uint8_t paper_sk[SIGN_SK]);
void entry_feature(struct entry *, uint16_t level);
/* The paper key makes device coordinator, in the entry behind the last. */
void entry_recover(struct entry *, const struct roster *,
    const struct id *device, const uint8_t paper_sk[SIGN_SK]);
/* Beside a new paper key: epoch e's secrets for it. */
fault entry_old_epoch(struct entry *, uint32_t e, const struct keys *,
    const uint8_t paper_box[32]) MUST_CHECK;
void entry_title(struct entry *, const char *title);
void entry_name(struct entry *, const struct id *device, enum role,
    const char *name);
void entry_reason(struct entry *, const char *reason);
void entry_pack(struct entry *, struct bytes pack);

struct erase {
	struct id	record;
	uint64_t	time;
	struct bytes	reason, basis, type;	/* may be empty */
	const struct erased_pair *pairs;	/* g and index count */
	size_t		npairs;			/* at most ITEM_PAIRS_MAX */
};
void entry_erase(struct entry *, const struct erase *);
/*
 * Append the blob; the sealed part under the ledger key of epoch e.
 * FAULT_LOCKED if that is not held, FAULT_INVALID if it is too long.
 */
fault entry_finish(struct buf *blob, struct entry *, uint32_t e,
    const struct keys *, struct squeeze *) MUST_CHECK;
void entry_free(struct entry *);

#endif
