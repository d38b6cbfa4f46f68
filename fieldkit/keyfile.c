#include "fieldkit/keyfile.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "fieldkit/keyfile_own.h"
#include "sync/base/codec.h"
#include "sync/base/secret.h"

fault
keyfile_damaged(void)
{
	return fault_new(FAULT_TRUST, "the keyfile has been tampered with or "
	    "belongs to another device; nothing was opened; restore this "
	    "device's keyfile from a backup");
}

static void
put_head(struct buf *b, const struct keyfile *k, unsigned keys)
{
	buf_add(b, "KITKEY", 6);
	put_u16(b, WIRE_FORMAT);
	buf_add(b, k->device.b, sizeof k->device.b);
	put_u8(b, k->practice ? 1 : 0);
	put_u8(b, 2);
	put_u8(b, (uint8_t)keys);
	put_u8(b, 0);
	put_u64(b, k->generation);
	put_u8(b, 1);
	put_u32(b, k->cost.ops);
	put_u32(b, k->cost.mem_kib);
}

static void
put_hash(struct buf *b)
{
	buf_add(b, hash_of(buf_view(b)).b, sizeof(struct hash));
}

void
keyfile_encode(struct buf *out, const struct keyfile *k)
{
	buf_clear(out);
	put_head(out, k, k->raw.at[AT_COUNT]);
	buf_add(out, k->raw.at + AT_SALT, k->raw.len - 32 - AT_SALT);
	put_hash(out);
}

static fault
decode_head(struct keyfile *k, struct reader *r, unsigned *keys)
{
	struct bytes magic = get_bytes(r, 6);
	uint16_t version = get_u16(r);
	uint8_t flags, slots, zero;

	if (bytes_is(magic, "KITKEY") && version > WIRE_FORMAT)
		return fault_new(FAULT_INVALID, "the keyfile was written by a "
		    "newer version of the kit (%u); update it", version);
	get_copy(r, k->device.b, sizeof k->device.b);
	flags = get_u8(r);
	slots = get_u8(r);
	*keys = get_u8(r);
	zero = get_u8(r);
	k->practice = flags & 1;
	k->generation = get_u64(r);
	if (!bytes_is(magic, "KITKEY") || flags > 1 || slots != 2 ||
	    zero != 0 || *keys < 1 || *keys > KEYS_MAX)
		reader_spoil(r);
	return NULL;
}

static void
decode_slots(struct keyfile *k, struct reader *r, unsigned keys)
{
	if (get_u8(r) != 1)
		reader_spoil(r);
	k->cost.ops = get_u32(r);
	k->cost.mem_kib = get_u32(r);
	get_bytes(r, AT_SLOT2 - AT_SALT);
	if (get_u8(r) != 2)
		reader_spoil(r);
	get_bytes(r, SEAL_LEN + keys * KEY_LEN + TAIL_LEN);
}

/* The last 32 bytes are the hash of all before, in every version. */
static bool
is_whole(struct bytes in)
{
	struct hash h;

	if (in.len < 8 + sizeof h)
		return false;
	h = hash_of((struct bytes){ in.at, in.len - sizeof h });
	return memcmp(h.b, in.at + in.len - sizeof h, sizeof h) == 0;
}

fault
keyfile_decode(struct keyfile *out, struct bytes in)
{
	struct reader r = reader_of(in);
	struct keyfile k = { 0 };
	unsigned keys = 0;
	fault f;

	if (!is_whole(in))
		reader_spoil(&r);
	if ((f = decode_head(&k, &r, &keys)) != NULL)
		return f;
	decode_slots(&k, &r, keys);
	if (!reader_whole(&r))
		return fault_new(FAULT_FORMAT, "not a whole keyfile (%zu "
		    "bytes)", in.len);
	if ((f = stretch_check(&k.cost, k.practice)) != NULL)
		return f;
	buf_add_bytes(&k.raw, in);
	*out = k;
	return NULL;
}

/* The AD of slot 1: who, and how the passphrase is turned into a key.  Not
 * the generation: a database key can be changed without the passphrase. */
static void
slot_ad(uint8_t ad[50], const uint8_t *raw)
{
	memcpy(ad, raw, 25);
	memcpy(ad + 25, raw + AT_BODY, 25);
}

uint8_t *
keyfile_subkey(const uint8_t master[MASTER_LEN], uint64_t number)
{
	uint8_t *k = secret_new(32);

	crypto_kdf_derive_from_key(k, 32, number, SUBKEY_CONTEXT, master);
	return k;
}

static void
mac_of(uint8_t mac[32], struct bytes all, const uint8_t master[MASTER_LEN])
{
	uint8_t *k = keyfile_subkey(master, SUBKEY_MAC);

	crypto_generichash(mac, 32, all.at, all.len, k, 32);
	secret_free(k, 32);
}

/* Slot 1 behind its cost, which stands in b already. */
static fault
put_slot(struct buf *b, const struct keyfile *k, struct bytes passphrase,
    const uint8_t master[MASTER_LEN])
{
	uint8_t *key = secret_new(32), *salt, ad[50];
	fault f;

	buf_room(b, AT_SLOT2 - AT_SALT);
	salt = b->at + AT_SALT;
	randombytes_buf(salt, 16 + 24);
	slot_ad(ad, b->at);
	f = stretch(key, &k->cost, passphrase, salt);
	if (f == NULL) {
		crypto_aead_xchacha20poly1305_ietf_encrypt(b->at + AT_BOX,
		    NULL, master, MASTER_LEN, ad, sizeof ad, NULL,
		    b->at + AT_NONCE, key);
		b->len = AT_SLOT2;
	}
	secret_free(key, 32);
	return f;
}

void
keyfile_tail(struct buf *b, const uint8_t master[MASTER_LEN])
{
	uint8_t mac[32];

	mac_of(mac, buf_view(b), master);
	buf_add(b, mac, sizeof mac);
	put_hash(b);
}

/* --- public ----------------------------------------------------------- */

static fault
check_passphrase(struct bytes passphrase)
{
	return passphrase.len > 0 ? NULL : fault_new(FAULT_INVALID,
	    "an empty passphrase protects nothing; nothing was changed");
}

fault
keyfile_create(const char *home, const struct id *device, bool practice,
    struct bytes passphrase, const uint8_t paper_box[32], uint8_t **master)
{
	struct keyfile k = { .device = *device, .practice = practice,
	    .generation = 1, .cost = practice ? stretch_practice :
	    stretch_real };
	struct buf b = BUF_EMPTY;
	uint8_t *mk = secret_new(MASTER_LEN);
	fault f;

	if ((f = check_passphrase(passphrase)) != NULL)
		goto done;
	if (keyfile_has_copy(home, 0) || keyfile_has_copy(home, 1)) {
		f = fault_new(FAULT_INVALID, "%s has a keyfile already; it "
		    "was not touched", home);
		goto done;
	}
	if (!practice && (f = stretch_calibrate(&k.cost)) != NULL)
		goto done;
	randombytes_buf(mk, MASTER_LEN);
	put_head(&b, &k, 1);
	if ((f = put_slot(&b, &k, passphrase, mk)) != NULL)
		goto done;
	put_u8(&b, 2);
	crypto_box_seal(buf_room(&b, SEAL_LEN), mk, MASTER_LEN, paper_box);
	b.len += SEAL_LEN;
	keyfile_fresh_key(&b, mk);
	keyfile_tail(&b, mk);
	/* The second only when the first is known to be good. */
	for (int i = 0; i < 2; i++)
		if ((f = keyfile_write_copy(home, i, buf_view(&b))) != NULL)
			goto done;
	*master = mk;
	mk = NULL;
done:
	secret_free(mk, MASTER_LEN);
	buf_free(&b);
	return f;
}

void
keyfile_free(struct keyfile *k)
{
	buf_wipe(&k->raw);
	free(k->home);
	memset(k, 0, sizeof *k);
}

bool
keyfile_fits(const struct keyfile *k, const uint8_t master[MASTER_LEN])
{
	uint8_t mac[32];

	mac_of(mac, (struct bytes){ k->raw.at, k->raw.len - TAIL_LEN },
	    master);
	return sodium_memcmp(mac, k->raw.at + k->raw.len - TAIL_LEN, 32) == 0;
}

/* Slot 1 with the passphrase's key. */
static bool
open_slot(uint8_t master[MASTER_LEN], const struct keyfile *k,
    const uint8_t key[32])
{
	uint8_t ad[50];

	slot_ad(ad, k->raw.at);
	return crypto_aead_xchacha20poly1305_ietf_decrypt(master, NULL, NULL,
	    k->raw.at + AT_BOX, BOX_LEN, ad, sizeof ad,
	    k->raw.at + AT_NONCE, key) == 0;
}

fault
keyfile_unlock(uint8_t **master, const struct keyfile *k,
    struct bytes passphrase)
{
	uint8_t *key = secret_new(32), *mk = secret_new(MASTER_LEN);
	fault f;

	if ((f = stretch_check(&k->cost, k->practice)) != NULL)
		goto done;
	if ((f = stretch(key, &k->cost, passphrase, k->raw.at + AT_SALT)) !=
	    NULL)
		goto done;
	if (!open_slot(mk, k, key))
		f = fault_new(FAULT_LOCKED, "the passphrase is wrong; nothing "
		    "was opened; try again");
	else if (!keyfile_fits(k, mk))
		f = keyfile_damaged();
	if (f != NULL)
		goto done;
	keyfile_mend(k);
	*master = mk;
	mk = NULL;
done:
	secret_free(key, 32);
	secret_free(mk, MASTER_LEN);
	return f;
}

/* All of k but for slot 1, which is made anew. */
static fault
rewrap(struct buf *b, const struct keyfile *k, struct bytes passphrase,
    const uint8_t master[MASTER_LEN])
{
	struct keyfile next = *k;
	fault f;

	next.generation++;
	put_head(b, &next, k->raw.at[AT_COUNT]);
	if ((f = put_slot(b, &next, passphrase, master)) != NULL)
		return f;
	buf_add(b, k->raw.at + AT_SLOT2, k->raw.len - TAIL_LEN - AT_SLOT2);
	keyfile_tail(b, master);
	return NULL;
}

fault
keyfile_change(const char *home, struct keyfile *k,
    const uint8_t master[MASTER_LEN], struct bytes passphrase)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct buf b = BUF_EMPTY;
	bool counts = false;
	fault f;

	if ((f = check_passphrase(passphrase)) != NULL)
		return f;
	if (!keyfile_fits(k, master))
		return keyfile_damaged();
	if ((f = keyfile_lock(&lock, home)) != NULL)
		return f;
	if ((f = keyfile_same(k)) != NULL)
		goto done;
	if ((f = rewrap(&b, k, passphrase, master)) != NULL)
		goto done;
	f = keyfile_put(k, &b, &counts);
	if (counts)
		f = fault_while(f, "the new passphrase counts from now on, but "
		    "only one copy of the keyfile has it");
done:
	file_unlock(&lock);
	buf_wipe(&b);
	return f;
}
