/*
 * keyring -- the blob of refs/heads/keyring/<n>: sealed envelopes with the
 * secrets that devices still lack, and the trees that several of them share.
 * WIRE.md, section 7.
 *
 * Only form is judged here, and what is accepted is written back byte for
 * byte.  Who lacks what, and what an envelope may bring, is envelope's; who
 * may write a keyring is chain's.
 */
#ifndef SYNC_KEYRING_H
#define SYNC_KEYRING_H

#include "sync/base/codec.h"
#include "sync/base/id.h"

#define KEYRING_SHARED_MAX	64u
#define KEYRING_ENVELOPES_MAX	WIRE_MEMBERS_MAX
#define KEYRING_ITEMS_MAX	4096u	/* of one envelope */
#define BOX_NAME_LEN		8

struct keyring_head {
	uint64_t	n;		/* as in the ref's name */
	uint64_t	roster_seq;	/* the entry for which it was made: */
	struct hash	roster_hash;	/* ... its commit, bound or not yet */
};

struct keyring_envelope {
	struct id	device;
	uint8_t		box_name[BOX_NAME_LEN];	/* of the key it is sealed to */
	struct bytes	seal;			/* crypto_box_seal */
};

struct keyring {
	struct keyring_head head;
	size_t		nshared;
	struct bytes	shared[KEYRING_SHARED_MAX];	/* crypto_secretbox */
	size_t		nenvelopes;
	struct keyring_envelope envelopes[KEYRING_ENVELOPES_MAX];
};

/* Append k's bytes.  FAULT_INVALID, and nothing appended, above 8 MiB. */
fault keyring_encode(struct buf *blob, const struct keyring *k) MUST_CHECK;
/* *out borrows from blob, and is written only on success.  FAULT_FORMAT. */
fault keyring_decode(struct keyring *out, struct bytes blob) MUST_CHECK;

/* NULL: there is none for this device. */
const struct keyring_envelope *keyring_for(const struct keyring *,
    const struct id *device);

/* The first bytes of H(box key): how an envelope names it. */
void keyring_box_name(uint8_t to[BOX_NAME_LEN], const uint8_t box_pk[32]);

/* What lies in an envelope: items strictly increasing by kind, c, e or g. */
enum keyring_kind { KEYRING_SECRET = 1, KEYRING_AUTHOR, KEYRING_TREE };

struct keyring_item {
	enum keyring_kind kind;
	uint8_t		c;		/* of a secret, of an author's own */
	uint32_t	e;		/* ... its epoch; of a tree g */
	uint16_t	shared;		/* of a tree: which box */
	const uint8_t	*key;		/* 32 bytes, borrowed */
};

size_t keyring_item_size(enum keyring_kind);
void keyring_put_item(struct buf *, const struct keyring_item *);
/*
 * The next item of an envelope's text; the reader is spoilt if it is not as
 * its kind says, or does not stand behind last (NULL: it is the first).
 */
struct keyring_item keyring_get_item(struct reader *,
    const struct keyring_item *last, size_t nshared);

#endif
