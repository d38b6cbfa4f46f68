/*
 * invite -- the one-time invitation file and its code of six words.
 *
 * The file may travel by any way; the code is told by voice and is never in
 * it.  WIRE.md, section 8.
 */
#ifndef SYNC_INVITE_H
#define SYNC_INVITE_H

#include "sync/commit.h"
#include "sync/keys.h"
#include "sync/roster.h"

struct invite_hub {
	char		*name, *url;
};

struct invite_pin {
	char		ref[REF_MAX];
	uint64_t	seq;
	struct hash	hash;
};

struct invite_entry {		/* one roster commit and its blob */
	struct buf	commit, blob;
};

struct invite {
	struct id	project;
	struct hash	genesis;
	struct id	device;		/* the joiner's */
	uint8_t		caps;
	enum role	role;
	bool		practice;
	uint64_t	expires;	/* s since 1970 */
	uint8_t		coordinator_pk[32];
	uint8_t		*once_seed;	/* 32 bytes, locked memory */
	char		*name, *title;
	struct invite_hub *hubs;
	size_t		nhubs;
	struct invite_pin *pins;
	size_t		npins;
	struct invite_entry *roster;	/* up to the last bound entry */
	size_t		nroster;
	struct keys	*keys;		/* what the role holds */
	struct hash	file;		/* H(file), set by making and reading */
};

#define INVITE_CODE 96			/* room for a code, with NUL */

/*
 * Six words of 7,776: 77.5 bits.  No list is needed: a word is consonant,
 * vowel, consonant, vowel, consonant, "sodir" or "bakot", with 9 x 4 x 9 x 4
 * x 6 = 7,776 of them.  The letters are those that Dutch and English ears
 * and tongues keep apart on a bad line: of each pair that they confuse (b p,
 * d t at the end, f v, m n, s z, c k, i y) one; no g, h, j, u, w.
 */
void invite_code(char to[INVITE_CODE]);
/*
 * Lower case, single spaces; hyphens, commas and line ends count as spaces.
 * False if it is not six words of letters.
 */
bool invite_code_tidy(char to[INVITE_CODE], const char *typed);

/*
 * Append the file; sk is the coordinator's.  Sets in->file and
 * coordinator_pk.  FAULT_INVALID if a text or the whole is out of bounds.
 */
fault invite_make(struct buf *out, struct invite *in, const char *code,
    const uint8_t sk[SIGN_SK]) MUST_CHECK;

/*
 * Form and signature (so that a damaged file is not taken for a wrong code),
 * code, the roster from its genesis, the coordinator in it.  FAULT_FORMAT:
 * not a whole invitation; FAULT_LOCKED: wrong code; FAULT_TRUST: not by a
 * coordinator of that roster.  *out is written only on success.
 */
fault invite_open(struct invite *out, struct bytes file, const char *code)
    MUST_CHECK;
void invite_free(struct invite *);

#endif
