#include "sync/ref.h"

#include <stdio.h>
#include <string.h>

#define HEADS "refs/heads/"
#define DEVICE HEADS "device/"
#define KEYRING HEADS "keyring/"

bool
decimal_parse(uint64_t *out, struct bytes text, uint64_t max)
{
	uint64_t v = 0;

	if (text.len == 0 || (text.len > 1 && text.at[0] == '0'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];

		if (c < '0' || c > '9' || v > max / 10)
			return false;
		v = v * 10 + (uint64_t)(c - '0');
		if (v > max)
			return false;
	}
	*out = v;
	return true;
}

static bool
keyring_number(uint64_t *out, const char *s)
{
	uint64_t n;

	if (!decimal_parse(&n, bytes_of(s), WIRE_SEQ_MAX) || n == 0)
		return false;
	if (out != NULL)
		*out = n;
	return true;
}

enum ref_kind
ref_kind(const char *ref, struct id *device, uint64_t *n)
{
	struct id id;

	if (strcmp(ref, HEADS "roster") == 0)
		return REF_ROSTER;
	if (strcmp(ref, HEADS "hub") == 0)
		return REF_HUB;
	if (strcmp(ref, HEADS "main") == 0)
		return REF_MAIN;
	if (strncmp(ref, DEVICE, strlen(DEVICE)) == 0 &&
	    hex_parse(id.b, WIRE_ID_LEN, bytes_of(ref + strlen(DEVICE)))) {
		if (device != NULL)
			*device = id;
		return REF_DEVICE;
	}
	if (strncmp(ref, KEYRING, strlen(KEYRING)) == 0 &&
	    keyring_number(n, ref + strlen(KEYRING)))
		return REF_KEYRING;
	return REF_OTHER;
}

void
ref_device(char to[REF_MAX], const struct id *device)
{
	char hex[ID_HEX];

	snprintf(to, REF_MAX, DEVICE "%s", id_hex(hex, device));
}

size_t
ref_blob_max(const char *ref)
{
	return ref_kind(ref, NULL, NULL) == REF_KEYRING ? WIRE_KEYRING_MAX :
	    WIRE_SEGMENT_MAX;
}

bool
ref_entry(char to[64], const char *ref)
{
	struct id device;
	char hex[ID_HEX];

	switch (ref_kind(ref, &device, NULL)) {
	case REF_ROSTER:
		snprintf(to, 64, "roster.seg");
		return true;
	case REF_HUB:
		snprintf(to, 64, "hub.seg");
		return true;
	case REF_KEYRING:
		snprintf(to, 64, "keyring.seg");
		return true;
	case REF_DEVICE:
		snprintf(to, 64, "%s.seg", id_hex(hex, &device));
		return true;
	default:
		return false;
	}
}

void
oid_hex(char to[41], const struct oid *o)
{
	for (size_t i = 0; i < OID_LEN; i++)
		snprintf(to + 2 * i, 3, "%02x", o->b[i]);
}

bool
oid_eq(const struct oid *a, const struct oid *b)
{
	return memcmp(a->b, b->b, OID_LEN) == 0;
}

bool
oid_zero(const struct oid *o)
{
	static const struct oid none;

	return oid_eq(o, &none);
}
