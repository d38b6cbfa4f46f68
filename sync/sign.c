#include "sync/sign.h"

#include <string.h>

#include <sodium.h>

#include "sync/base/codec.h"
#include "sync/base/id.h"

#define ARMOR_HEAD "-----BEGIN SSH SIGNATURE-----\n"
#define ARMOR_TAIL "-----END SSH SIGNATURE-----"
#define ARMOR_LINE 70
#define ALGORITHM "ssh-ed25519"

void
sign_keypair(uint8_t pk[SIGN_PK], uint8_t sk[SIGN_SK])
{
	crypto_sign_keypair(pk, sk);
}

void
sign_from_seed(uint8_t pk[SIGN_PK], uint8_t sk[SIGN_SK],
    const uint8_t seed[32])
{
	crypto_sign_seed_keypair(pk, sk, seed);
}

bool
sign_box_usable(const uint8_t box_pk[32])
{
	static const uint8_t any[32] = { 8 };
	uint8_t shared[32];

	return crypto_scalarmult(shared, any, box_pk) == 0;
}

/* SSH's string: length in network order, then the bytes. */
static void
put_ssh(struct buf *b, struct bytes s)
{
	put_be32(b, (uint32_t)s.len);
	buf_add_bytes(b, s);
}

/* Namespace, reserved, hash: alike in what is signed and in the blob. */
static void
put_terms(struct buf *b, const char *namespace)
{
	put_ssh(b, bytes_of(namespace));
	put_ssh(b, BYTES_EMPTY);
	put_ssh(b, bytes_of("sha512"));
}

static void
signed_data(struct buf *b, const char *namespace, struct bytes msg)
{
	uint8_t h[crypto_hash_sha512_BYTES];

	crypto_hash_sha512(h, msg.at, msg.len);
	buf_add(b, "SSHSIG", 6);
	put_terms(b, namespace);
	put_ssh(b, (struct bytes){ h, sizeof h });
}

void
sign(uint8_t sig[WIRE_SIG_LEN], const uint8_t sk[SIGN_SK],
    const char *namespace, struct bytes msg)
{
	struct buf b = BUF_EMPTY;

	signed_data(&b, namespace, msg);
	crypto_sign_detached(sig, NULL, b.at, b.len, sk);
	buf_free(&b);
}

bool
sign_ok(const uint8_t sig[WIRE_SIG_LEN], const uint8_t pk[SIGN_PK],
    const char *namespace, struct bytes msg)
{
	struct buf b = BUF_EMPTY;
	bool ok;

	signed_data(&b, namespace, msg);
	ok = crypto_sign_verify_detached(sig, b.at, b.len, pk) == 0;
	buf_free(&b);
	return ok;
}

/* string(string("ssh-ed25519") string(value)): a key or a signature. */
static void
put_typed(struct buf *b, const uint8_t *value, size_t n)
{
	put_be32(b, (uint32_t)(4 + strlen(ALGORITHM) + 4 + n));
	put_ssh(b, bytes_of(ALGORITHM));
	put_ssh(b, (struct bytes){ value, n });
}

static void
put_blob(struct buf *b, const uint8_t pk[SIGN_PK], const char *namespace,
    const uint8_t sig[WIRE_SIG_LEN])
{
	buf_add(b, "SSHSIG", 6);
	put_be32(b, 1);
	put_typed(b, pk, SIGN_PK);
	put_terms(b, namespace);
	put_typed(b, sig, WIRE_SIG_LEN);
}

void
sign_armor(struct buf *out, const uint8_t pk[SIGN_PK], const char *namespace,
    const uint8_t sig[WIRE_SIG_LEN])
{
	struct buf blob = BUF_EMPTY, text = BUF_EMPTY;

	put_blob(&blob, pk, namespace, sig);
	base64_put(&text, buf_view(&blob));
	buf_add_bytes(out, bytes_of(ARMOR_HEAD));
	for (size_t i = 0; i < text.len; i += ARMOR_LINE) {
		size_t n = text.len - i;

		buf_add(out, text.at + i, n < ARMOR_LINE ? n : ARMOR_LINE);
		buf_add(out, "\n", 1);
	}
	buf_add_bytes(out, bytes_of(ARMOR_TAIL));
	buf_free(&blob);
	buf_free(&text);
}

/* What stands between head and tail, without its line breaks, decoded. */
static bool
armor_blob(struct buf *blob, struct bytes armor)
{
	size_t head = strlen(ARMOR_HEAD), tail = strlen(ARMOR_TAIL);
	struct buf text = BUF_EMPTY;
	bool ok;

	if (armor.len < head + tail || armor.len > WIRE_COMMIT_MAX)
		return false;
	for (size_t i = head; i < armor.len - tail; i++)
		if (armor.at[i] != '\n')
			buf_add(&text, &armor.at[i], 1);
	ok = base64_get(blob, buf_view(&text));
	buf_free(&text);
	return ok;
}

/*
 * One (key, namespace, signature) has exactly one armour.  So take key and
 * signature from where they must stand, write the armour anew and compare:
 * no lengths, names or line breaks are left to judge.
 */
fault
sign_unarmor(uint8_t pk[SIGN_PK], uint8_t sig[WIRE_SIG_LEN],
    const char *namespace, struct bytes armor)
{
	struct buf blob = BUF_EMPTY, again = BUF_EMPTY;
	uint8_t key[SIGN_PK], val[WIRE_SIG_LEN];
	struct reader r;
	bool ok;

	ok = armor_blob(&blob, armor);
	r = reader_of(buf_view(&blob));
	get_bytes(&r, 6 + 4 + 4 + 4 + strlen(ALGORITHM) + 4);
	get_copy(&r, key, sizeof key);
	if (ok && reader_left(&r) >= sizeof val)
		get_bytes(&r, reader_left(&r) - sizeof val);
	get_copy(&r, val, sizeof val);
	sign_armor(&again, key, namespace, val);
	ok = ok && reader_whole(&r) && bytes_eq(buf_view(&again), armor);
	buf_free(&blob);
	buf_free(&again);
	if (!ok)
		return fault_new(FAULT_FORMAT, "the signature is not an SSH "
		    "signature by an Ed25519 key in namespace %s", namespace);
	memcpy(pk, key, sizeof key);
	memcpy(sig, val, sizeof val);
	return NULL;
}

void
sign_allowed(struct buf *out, const char *device_hex,
    const uint8_t pk[SIGN_PK])
{
	struct buf key = BUF_EMPTY;

	put_ssh(&key, bytes_of(ALGORITHM));
	put_ssh(&key, (struct bytes){ pk, SIGN_PK });
	buf_text(out, "%s@kit.invalid namespaces=\"git\" " ALGORITHM " ",
	    device_hex);
	base64_put(out, buf_view(&key));
	buf_add(out, "\n", 1);
	buf_free(&key);
}
