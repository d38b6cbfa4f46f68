/*
 * invite_text -- what lies inside an invitation's box.  WIRE.md, section 8.
 */
#ifndef SYNC_INVITE_TEXT_H
#define SYNC_INVITE_TEXT_H

#include "sync/base/codec.h"
#include "sync/invite.h"

#define INVITE_HUBS_MAX	64u
#define INVITE_URL_MAX	512u

/* Holds secrets: buf_wipe. */
void invite_put_text(struct buf *, const struct invite *);
/* Fills what the text holds; the rest of *in is kept.  FAULT_FORMAT. */
fault invite_get_text(struct invite *in, struct bytes text) MUST_CHECK;

/* The list of head pins alone.  *at is the caller's, also of a spoilt one. */
void invite_put_pins(struct buf *, const struct invite_pin *, size_t n);
void invite_get_pins(struct reader *, struct invite_pin **at, size_t *n);

#endif
