/*
 * keyfile_keys -- the database keys in the keyfile: one, or the older and the
 * newer while the database is rewritten.
 */
#include "fieldkit/keyfile.h"

#include <string.h>

#include <sodium.h>

#include "fieldkit/keyfile_own.h"
#include "sync/base/codec.h"
#include "sync/base/secret.h"

/* A fresh database key.  Its AD: magic, version and device id. */
void
keyfile_fresh_key(struct buf *b, const uint8_t master[MASTER_LEN])
{
	uint8_t *wrap = keyfile_subkey(master, SUBKEY_WRAP), *key = secret_new(32);
	uint8_t *nonce = buf_room(b, KEY_LEN);

	randombytes_buf(key, 32);
	randombytes_buf(nonce, 24);
	crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + 24, NULL, key, 32,
	    b->at, 24, NULL, nonce, wrap);
	b->len += KEY_LEN;
	secret_free(key, 32);
	secret_free(wrap, 32);
}

unsigned
keyfile_database_keys(const struct keyfile *k)
{
	return k->raw.at[AT_COUNT];
}

static fault
open_key(uint8_t **key, const struct keyfile *k, unsigned which,
    const uint8_t master[MASTER_LEN])
{
	uint8_t *wrap = keyfile_subkey(master, SUBKEY_WRAP);
	uint8_t *dk = secret_new(32);
	const uint8_t *nonce = k->raw.at + AT_KEYS + which * KEY_LEN;
	fault f = NULL;

	if (crypto_aead_xchacha20poly1305_ietf_decrypt(dk, NULL, NULL,
	    nonce + 24, BOX_LEN, k->raw.at, 24, nonce, wrap) != 0) {
		f = keyfile_damaged();
		goto done;
	}
	*key = dk;
	dk = NULL;
done:
	secret_free(wrap, 32);
	secret_free(dk, 32);
	return f;
}

fault
keyfile_database_key(uint8_t **key, const struct keyfile *k,
    const uint8_t master[MASTER_LEN])
{
	return open_key(key, k, 0, master);
}

fault
keyfile_newer_key(uint8_t **key, const struct keyfile *k,
    const uint8_t master[MASTER_LEN])
{
	if (keyfile_database_keys(k) != KEYS_MAX)
		return fault_new(FAULT_ABSENT, "the keyfile has one database "
		    "key");
	return open_key(key, k, 1, master);
}

/* All before the database keys, of the next generation. */
static void
put_before(struct buf *b, const struct keyfile *k, unsigned keys)
{
	buf_add(b, k->raw.at, AT_COUNT);
	put_u8(b, (uint8_t)keys);
	put_u8(b, 0);
	put_u64(b, k->generation + 1);
	buf_add(b, k->raw.at + AT_BODY, AT_KEYS - AT_BODY);
}

static fault
replace(struct keyfile *k, struct buf *b, const uint8_t master[MASTER_LEN])
{
	bool counts;
	fault f;

	keyfile_tail(b, master);
	if ((f = keyfile_same(k)) == NULL)
		f = keyfile_put(k, b, &counts);
	buf_wipe(b);
	return f;
}

fault
keyfile_add_key(struct keyfile *k, const uint8_t master[MASTER_LEN])
{
	struct buf b = BUF_EMPTY;

	if (!keyfile_fits(k, master))
		return keyfile_damaged();
	if (keyfile_database_keys(k) != 1)
		return fault_new(FAULT_FAIL, "the database is being rewritten "
		    "already; nothing was changed");
	put_before(&b, k, KEYS_MAX);
	buf_add(&b, k->raw.at + AT_KEYS, KEY_LEN);
	keyfile_fresh_key(&b, master);
	return replace(k, &b, master);
}

fault
keyfile_keep_key(struct keyfile *k, enum keyfile_key which,
    const uint8_t master[MASTER_LEN])
{
	struct buf b = BUF_EMPTY;

	if (!keyfile_fits(k, master))
		return keyfile_damaged();
	if (keyfile_database_keys(k) != KEYS_MAX)
		return fault_new(FAULT_FAIL, "the keyfile has one database "
		    "key; it was kept");
	put_before(&b, k, 1);
	buf_add(&b, k->raw.at + AT_KEYS + (size_t)which * KEY_LEN, KEY_LEN);
	return replace(k, &b, master);
}
