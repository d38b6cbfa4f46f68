/*
 * receipt -- which devices have said that they erased what a roster entry
 * names, and which of ours are still to be said.
 */
#ifndef FIELDKIT_RECEIPT_H
#define FIELDKIT_RECEIPT_H

#include "fieldkit/store.h"

/* device says so of entry seq.  Once more changes nothing. */
fault receipt_put(struct store *, const struct id *device, uint64_t seq)
    MUST_CHECK;
fault receipt_has(struct store *, const struct id *device, uint64_t seq,
    bool *yes) MUST_CHECK;

/* We owe one for entry seq; which we owe, ascending (the caller frees). */
fault receipt_owe(struct store *, uint64_t seq) MUST_CHECK;
fault receipt_owed(struct store *, uint64_t **seqs, size_t *n) MUST_CHECK;
/* They stand in a durable commit of ours. */
fault receipt_given(struct store *, uint64_t seq) MUST_CHECK;

#endif
