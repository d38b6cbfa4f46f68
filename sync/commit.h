/*
 * commit -- one signed git commit of ours, read from and written as bytes.
 *
 * The message names project, ref, sequence, previous commit and blob, so
 * nothing rests on SHA-1 and no commit can pose as another kind.  WIRE.md,
 * section 4.  Nothing here opens a repository or knows who may sign.
 */
#ifndef SYNC_COMMIT_H
#define SYNC_COMMIT_H

#include "sync/join.h"
#include "sync/ref.h"

struct accept {
	struct id	device;
	uint64_t	seq;
	struct hash	hash;
};

struct commit {
	/* object */
	struct oid	tree;
	struct oid	parents[WIRE_PARENTS_MAX];
	size_t		nparents;
	uint64_t	generation;	/* from the date */
	/* message */
	struct hash	genesis;
	char		ref[REF_MAX];
	uint64_t	seq;
	struct hash	prev, seg;
	uint64_t	roster_seq;
	struct hash	roster_hash;
	struct accept	accepts[WIRE_PARENTS_MAX - 1];	/* main only */
	size_t		naccepts;
	bool		has_box, has_epoch, has_join;
	uint8_t		box[32];
	uint32_t	epoch;
	struct join	join;
	/* signature; set by parsing */
	uint8_t		pk[SIGN_PK], sig[WIRE_SIG_LEN];
	struct hash	hash;		/* of the whole object */
};

/*
 * Parse a whole commit object (at most 8 KiB): strict header order, exact
 * grammar, dates, lines that its ref's kind allows.  FAULT_FORMAT names the
 * clause.  Does not verify the signature.
 */
fault commit_parse(struct commit *out, struct bytes raw) MUST_CHECK;

/* True if the signature over raw (a parsed object) is by c->pk. */
bool commit_signed(const struct commit *c, struct bytes raw);

/* The object's bytes before signing, then the whole signed object. */
void commit_unsigned(struct buf *out, const struct commit *);
/* Fills c->pk, sig, hash.  *armor gets the signature's text for libgit2. */
void commit_sign(struct buf *object, struct buf *armor, struct commit *c,
    const uint8_t pk[SIGN_PK], const uint8_t sk[SIGN_SK]);

#endif
