/*
 * ref -- the names of our branches, and git's names of objects.
 */
#ifndef SYNC_REF_H
#define SYNC_REF_H

#include "sync/base/id.h"

#define OID_LEN 20
struct oid {
	uint8_t		b[OID_LEN];	/* git's SHA-1 name: an address, no proof */
};

#define REF_MAX 128

enum ref_kind {
	REF_OTHER, REF_ROSTER, REF_DEVICE, REF_HUB, REF_KEYRING, REF_MAIN
};

/*
 * What a ref is.  *device is written for REF_DEVICE only, *n for REF_KEYRING
 * only (1 to WIRE_SEQ_MAX); both may be NULL.
 */
enum ref_kind ref_kind(const char *ref, struct id *device, uint64_t *n);
void ref_device(char to[REF_MAX], const struct id *);
/* How long the blobs of a ref may be: a keyring's are the longest. */
size_t ref_blob_max(const char *ref);
/* "<id>.seg", "roster.seg" ... of a ref; false for main and others. */
bool ref_entry(char to[64], const char *ref);

/* The shortest decimal spelling of a number up to max (below 2^63). */
bool decimal_parse(uint64_t *, struct bytes text, uint64_t max);

void oid_hex(char to[41], const struct oid *);
bool oid_eq(const struct oid *, const struct oid *);
bool oid_zero(const struct oid *);

#endif
