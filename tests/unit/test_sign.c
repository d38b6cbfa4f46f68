#include "tests/unit/test.h"

#include <sodium.h>

#include "sync/sign.h"
#include "sync/base/id.h"
#include "tests/unit/vectors.h"
#include "tests/unit/vectors_box.h"

/* Made by ssh-keygen -Y sign (OpenSSH 9.2) with RFC 8032's first key. */
static const char openssh_git[] =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg11qYAYKxCrfVS/7TyWQHOg7hcv\n"
    "PapiMlrwIaaPcHURoAAAADZ2l0AAAAAAAAAAZzaGE1MTIAAABTAAAAC3NzaC1lZDI1NTE5\n"
    "AAAAQC7vDIcDpShAncw/XJFvROvSV2B4XzmzKgm5kwSSSGeb9RD0AAAVb1/RnKKEXpa6IV\n"
    "CJ+qRKSSwIMVXKItXD2wg=\n"
    "-----END SSH SIGNATURE-----";
static const char openssh_roster[] =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg11qYAYKxCrfVS/7TyWQHOg7hcv\n"
    "PapiMlrwIaaPcHURoAAAANa2l0LXJvc3RlckB2MQAAAAAAAAAGc2hhNTEyAAAAUwAAAAtz\n"
    "c2gtZWQyNTUxOQAAAEC0gglKDLtALpjDUd2NX+zyrKyS6zw5I+1tGYorxbmyxfms2tTNjr\n"
    "uiRIFZ0ALwxjFr92CpGUppOysZtC6bxFIF\n"
    "-----END SSH SIGNATURE-----";

struct key {
	uint8_t		pk[SIGN_PK], sk[SIGN_SK];
};

static struct key
rfc_key(void)
{
	struct key k;
	uint8_t seed[32];

	assert_true(hex_parse(seed, 32, bytes_of(ed25519_vectors[0].seed)));
	sign_from_seed(k.pk, k.sk, seed);
	return k;
}

static struct buf
unhex(const char *hex)
{
	struct buf b = BUF_EMPTY;
	size_t n = strlen(hex) / 2;

	buf_room(&b, n);
	assert_true(hex_parse(b.at, n, bytes_of(hex)));
	b.len = n;
	return b;
}

TEST(ed25519_agrees_with_the_vectors)
{
	for (size_t i = 0; i < sizeof ed25519_vectors /
	    sizeof *ed25519_vectors; i++) {
		const struct ed25519_vector *v = &ed25519_vectors[i];
		struct buf seed = unhex(v->seed), pk = unhex(v->pk);
		struct buf msg = unhex(v->msg), sig = unhex(v->sig);
		uint8_t p[32], s[64], got[64];

		sign_from_seed(p, s, seed.at);
		assert_memory_equal(p, pk.at, 32);
		crypto_sign_detached(got, NULL, msg.at, msg.len, s);
		assert_memory_equal(got, sig.at, 64);
		assert_int_equal(crypto_sign_verify_detached(sig.at, msg.at,
		    msg.len, pk.at), 0);
		sig.at[i % 64] ^= 1;
		assert_int_not_equal(crypto_sign_verify_detached(sig.at,
		    msg.at, msg.len, pk.at), 0);
		buf_free(&seed);
		buf_free(&pk);
		buf_free(&msg);
		buf_free(&sig);
	}
}

/* RFC 8032, 7.1, test SHA(abc).  No package that we know carries it; compared
 * with three other projects' copies. */
TEST(ed25519_agrees_with_the_rfc_on_sha_abc)
{
	struct buf seed = unhex("833fe62409237b9d62ec77587520911e"
	    "9a759cec1d19755b7da901b96dca3d42");
	struct buf sig = unhex("dc2a4459e7369633a52b1bf277839a00"
	    "201009a3efbf3ecb69bea2186c26b589"
	    "09351fc9ac90b3ecfdfbc7c66431e030"
	    "3dca179c138ac17ad9bef1177331a704");
	uint8_t pk[32], sk[64], h[64], got[64];

	sign_from_seed(pk, sk, seed.at);
	crypto_hash_sha512(h, (const uint8_t *)"abc", 3);
	crypto_sign_detached(got, NULL, h, sizeof h, sk);
	assert_memory_equal(got, sig.at, 64);
	buf_free(&seed);
	buf_free(&sig);
}

TEST(x25519_agrees_with_the_vectors)
{
	for (size_t i = 0; i < sizeof x25519_vectors /
	    sizeof *x25519_vectors; i++) {
		const struct x25519_vector *v = &x25519_vectors[i];
		struct buf s = unhex(v->scalar), u = unhex(v->u);
		struct buf want = unhex(v->out);
		uint8_t got[32];

		assert_int_equal(crypto_scalarmult(got, s.at, u.at), 0);
		assert_memory_equal(got, want.at, 32);
		/* The top bit of a point means nothing, any other does. */
		u.at[31] ^= 0x80;
		assert_int_equal(crypto_scalarmult(got, s.at, u.at), 0);
		assert_memory_equal(got, want.at, 32);
		u.at[i % 31] ^= 1;
		assert_int_equal(crypto_scalarmult(got, s.at, u.at), 0);
		assert_memory_not_equal(got, want.at, 32);
		buf_free(&s);
		buf_free(&u);
		buf_free(&want);
	}
}

TEST(x25519_refuses_every_point_of_small_order)
{
	uint8_t got[32], scalar[32] = { 8 };

	for (size_t i = 0; i < sizeof x25519_low_order /
	    sizeof *x25519_low_order; i++) {
		struct buf u = unhex(x25519_low_order[i]);

		assert_int_not_equal(crypto_scalarmult(got, scalar, u.at), 0);
		u.at[31] ^= 0x80;
		assert_int_not_equal(crypto_scalarmult(got, scalar, u.at), 0);
		buf_free(&u);
	}
}

static int
xchacha_opens(uint8_t *back, const struct buf *sealed, const struct buf *ad,
    const struct buf *nonce, const struct buf *key)
{
	return crypto_aead_xchacha20poly1305_ietf_decrypt(back, NULL, NULL,
	    sealed->at, sealed->len, ad->at, ad->len, nonce->at, key->at) == 0;
}

/* One bit of any byte of what is sealed, of its data, nonce or key. */
static void
xchacha_flipped(struct buf *part, uint8_t *back, struct buf *all[4])
{
	for (size_t i = 0; i < part->len; i++) {
		part->at[i] ^= (uint8_t)(1u << i % 8);
		assert_false(xchacha_opens(back, all[0], all[1], all[2],
		    all[3]));
		part->at[i] ^= (uint8_t)(1u << i % 8);
	}
}

TEST(xchacha20_poly1305_agrees_with_the_vectors)
{
	for (size_t i = 0; i < sizeof xchacha_vectors /
	    sizeof *xchacha_vectors; i++) {
		const struct xchacha_vector *v = &xchacha_vectors[i];
		struct buf key = unhex(v->key), nonce = unhex(v->nonce);
		struct buf ad = unhex(v->ad), plain = unhex(v->plain);
		struct buf sealed = unhex(v->sealed);
		struct buf *all[] = { &sealed, &ad, &nonce, &key };
		uint8_t got[256], back[256];

		assert_true(sealed.len == plain.len + 16 &&
		    sealed.len <= sizeof got);
		crypto_aead_xchacha20poly1305_ietf_encrypt(got, NULL, plain.at,
		    plain.len, ad.at, ad.len, NULL, nonce.at, key.at);
		assert_memory_equal(got, sealed.at, sealed.len);
		assert_true(xchacha_opens(back, &sealed, &ad, &nonce, &key));
		assert_memory_equal(back, plain.at, plain.len);
		for (int k = 0; k < 4; k++)
			xchacha_flipped(all[k], back, all);
		for (int k = 0; k < 4; k++)
			buf_free(all[k]);
		buf_free(&plain);
	}
}

TEST(our_signature_is_openssh_s_byte_for_byte)
{
	struct key k = rfc_key();
	struct buf a = BUF_EMPTY;
	uint8_t sig[64];

	sign(sig, k.sk, SIGN_GIT, bytes_of("abc"));
	sign_armor(&a, k.pk, SIGN_GIT, sig);
	assert_string_equal(buf_cstr(&a), openssh_git);
	buf_clear(&a);
	sign(sig, k.sk, SIGN_ROSTER, bytes_of("abc"));
	sign_armor(&a, k.pk, SIGN_ROSTER, sig);
	assert_string_equal(buf_cstr(&a), openssh_roster);
	buf_free(&a);
}

TEST(an_armour_gives_key_and_signature_back)
{
	struct key k = rfc_key();
	uint8_t pk[32], sig[64];

	assert_ok(sign_unarmor(pk, sig, SIGN_GIT, bytes_of(openssh_git)));
	assert_memory_equal(pk, k.pk, 32);
	assert_true(sign_ok(sig, pk, SIGN_GIT, bytes_of("abc")));
	assert_false(sign_ok(sig, pk, SIGN_GIT, bytes_of("abd")));
	assert_false(sign_ok(sig, pk, SIGN_ROSTER, bytes_of("abc")));
	assert_false(sign_ok(sig, pk, "gi", bytes_of("tabc")));
}

TEST(an_armour_of_another_namespace_is_refused)
{
	uint8_t pk[32], sig[64];

	assert_fault(FAULT_FORMAT,
	    sign_unarmor(pk, sig, SIGN_ROSTER, bytes_of(openssh_git)));
	assert_fault(FAULT_FORMAT,
	    sign_unarmor(pk, sig, SIGN_GIT, bytes_of(openssh_roster)));
}

TEST(an_armour_cut_anywhere_is_refused)
{
	uint8_t pk[32], sig[64];

	for (size_t n = 0; n < sizeof openssh_git - 1; n++) {
		uint8_t *p = test_cut((const uint8_t *)openssh_git, n);

		assert_fault(FAULT_FORMAT, sign_unarmor(pk, sig, SIGN_GIT,
		    (struct bytes){ p, n }));
		free(p);
	}
}

TEST(an_armour_with_anything_behind_or_spaces_within_is_refused)
{
	uint8_t pk[32], sig[64];
	struct buf b = BUF_EMPTY;

	buf_text(&b, "%s\n", openssh_git);
	assert_fault(FAULT_FORMAT,
	    sign_unarmor(pk, sig, SIGN_GIT, buf_view(&b)));
	for (size_t i = 0; i < sizeof openssh_git; i++) {
		buf_clear(&b);
		buf_text(&b, "%.*s\n%s", (int)i, openssh_git, openssh_git + i);
		assert_fault(FAULT_FORMAT,
		    sign_unarmor(pk, sig, SIGN_GIT, buf_view(&b)));
	}
	buf_free(&b);
}

/* A flip either breaks the form or leaves a signature that does not hold. */
TEST(a_flipped_bit_of_an_armour_never_verifies)
{
	size_t n = sizeof openssh_git - 1;

	for (size_t i = 0; i < n; i++) {
		uint8_t *p = test_cut((const uint8_t *)openssh_git, n);
		uint8_t pk[32], sig[64];

		p[i] ^= (uint8_t)(1u << i % 8);
		assert_false(sign_unarmor(pk, sig, SIGN_GIT,
		    (struct bytes){ p, n }) == NULL &&
		    sign_ok(sig, pk, SIGN_GIT, bytes_of("abc")));
		free(p);
	}
}

/* s + L is the same number modulo the group order: malleable if accepted. */
TEST(a_signature_with_s_beyond_the_group_order_is_refused)
{
	static const uint8_t order[32] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
		0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10
	};
	struct key k = rfc_key();
	uint8_t sig[64];
	unsigned carry = 0;

	sign(sig, k.sk, SIGN_GIT, bytes_of("abc"));
	assert_true(sign_ok(sig, k.pk, SIGN_GIT, bytes_of("abc")));
	for (int i = 0; i < 32; i++) {
		carry += sig[32 + i] + (unsigned)order[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_false(sign_ok(sig, k.pk, SIGN_GIT, bytes_of("abc")));
}

/* With the neutral element as key, R = sB fits any message if not refused. */
TEST(a_key_of_small_order_signs_nothing)
{
	uint8_t neutral[32] = { 1 }, zero[32] = { 0 }, sig[64] = { 0 };

	sig[0] = 1;
	assert_false(sign_ok(sig, neutral, SIGN_GIT, bytes_of("abc")));
	assert_false(sign_ok(sig, zero, SIGN_GIT, bytes_of("abc")));
}

TEST(a_line_of_allowed_signers_is_as_ssh_reads_it)
{
	struct key k = rfc_key();
	struct buf b = BUF_EMPTY;

	sign_allowed(&b, "0123456789abcdef0123456789abcdef", k.pk);
	assert_string_equal(buf_cstr(&b),
	    "0123456789abcdef0123456789abcdef@kit.invalid namespaces=\"git\" "
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"
	    "INdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea\n");
	buf_free(&b);
}

int
main(void)
{
	return RUN(
	    T(ed25519_agrees_with_the_vectors),
	    T(ed25519_agrees_with_the_rfc_on_sha_abc),
	    T(x25519_agrees_with_the_vectors),
	    T(x25519_refuses_every_point_of_small_order),
	    T(xchacha20_poly1305_agrees_with_the_vectors),
	    T(our_signature_is_openssh_s_byte_for_byte),
	    T(an_armour_gives_key_and_signature_back),
	    T(an_armour_of_another_namespace_is_refused),
	    T(an_armour_cut_anywhere_is_refused),
	    T(an_armour_with_anything_behind_or_spaces_within_is_refused),
	    T(a_flipped_bit_of_an_armour_never_verifies),
	    T(a_signature_with_s_beyond_the_group_order_is_refused),
	    T(a_key_of_small_order_signs_nothing),
	    T(a_line_of_allowed_signers_is_as_ssh_reads_it));
}
