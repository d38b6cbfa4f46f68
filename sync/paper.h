/*
 * paper -- the project's recovery key, printed once and kept in an envelope.
 *
 * 32 random bytes and 3 of checksum, written as 56 Crockford base32
 * characters.  From them come an Ed25519 and an X25519 key whose public
 * halves stand in the genesis.
 */
#ifndef SYNC_PAPER_H
#define SYNC_PAPER_H

#include "sync/sign.h"

#define PAPER_TEXT 80		/* 56 characters in groups of 7, one line, NUL */

struct paper {
	uint8_t		seed[32];
	uint8_t		sign_pk[32], sign_sk[SIGN_SK];
	uint8_t		box_pk[32], box_sk[32];
};				/* lives in locked memory */

void paper_draw(struct paper *);
void paper_text(char to[PAPER_TEXT], const struct paper *);
/* Forgives spaces, hyphens, case.  FAULT_INVALID if the checksum is wrong: one
 * wrong character is then named by its group of seven. */
fault paper_read(struct paper *, const char *text) MUST_CHECK;

#endif
