/*
 * keyfile_paper -- the master key from slot 2, with the project's paper key.
 */
#include "fieldkit/keyfile.h"

#include <sodium.h>

#include "sync/base/secret.h"

/* schema/WIRE.md, section 9; keyfile_decode has looked at the length. */
#define AT_SEALED	134
#define SEALED_LEN	(MASTER_LEN + crypto_box_SEALBYTES)

fault
keyfile_recover(uint8_t **master, const struct keyfile *k,
    const uint8_t box_pk[32], const uint8_t box_sk[32])
{
	uint8_t *mk = secret_new(MASTER_LEN);
	fault f = NULL;

	if (crypto_box_seal_open(mk, k->raw.at + AT_SEALED, SEALED_LEN,
	    box_pk, box_sk) != 0)
		f = fault_new(FAULT_LOCKED, "this recovery key does not open "
		    "the keyfile; nothing was changed; look for the envelope "
		    "of this project");
	else if (!keyfile_fits(k, mk))
		f = fault_new(FAULT_TRUST, "the keyfile has been tampered with "
		    "or belongs to another device; nothing was opened; restore "
		    "this device's keyfile from a backup");
	if (f == NULL) {
		*master = mk;
		mk = NULL;
	}
	secret_free(mk, MASTER_LEN);
	return f;
}
