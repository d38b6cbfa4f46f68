#include "tests/unit/test.h"

#include <sodium.h>

#include "sync/sign.h"
#include "sync/base/id.h"
#include "tests/unit/vectors.h"

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

/* RFC 8032, 7.1, test SHA(abc). */
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

static void
check_x25519(const char *scalar, const char *u, const char *want)
{
	struct buf s = unhex(scalar), p = unhex(u), w = unhex(want);
	uint8_t got[32];

	assert_int_equal(crypto_scalarmult(got, s.at, p.at), 0);
	assert_memory_equal(got, w.at, 32);
	buf_free(&s);
	buf_free(&p);
	buf_free(&w);
}

TEST(x25519_agrees_with_rfc_7748)
{
	/* 5.2: the two vectors, and one round from the base point. */
	check_x25519("a546e36bf0527c9d3b16154b82465edd"
	    "62144c0ac1fc5a18506a2244ba449ac4",
	    "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
	    "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
	check_x25519("4b66e9d4d1b4673c5ad22691957d6af5"
	    "c11b6421e0ea01d42ca4169e7918ba0d",
	    "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
	    "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
	check_x25519("09000000000000000000000000000000"
	    "00000000000000000000000000000000",
	    "0900000000000000000000000000000000000000000000000000000000000000",
	    "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
	/* 6.1: Alice's key with Bob's public one. */
	check_x25519("77076d0a7318a57d3c16c17251b26645"
	    "df4c2f87ebc0992ab177fba51db92c2a",
	    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
	    "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

TEST(x25519_refuses_a_point_of_small_order)
{
	uint8_t got[32], scalar[32] = { 8 }, zero[32] = { 0 };

	assert_int_not_equal(crypto_scalarmult(got, scalar, zero), 0);
}

/* draft-irtf-cfrg-xchacha-03, A.3.1 */
TEST(xchacha20_poly1305_agrees_with_the_draft)
{
	static const char text[] = "Ladies and Gentlemen of the class of '99: "
	    "If I could offer you only one tip for the future, sunscreen "
	    "would be it.";
	struct buf want = unhex("bd6d179d3e83d43b9576579493c0e939"
	    "572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39"
	    "ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e"
	    "3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13"
	    "b52e" "c0875924c1c7987947deafd8780acf49");
	struct buf ad = unhex("50515253c0c1c2c3c4c5c6c7");
	struct buf key = unhex("808182838485868788898a8b8c8d8e8f"
	    "909192939495969798999a9b9c9d9e9f");
	struct buf nonce = unhex("404142434445464748494a4b4c4d4e4f"
	    "5051525354555657");
	uint8_t got[sizeof text - 1 + 16], back[sizeof text - 1];

	crypto_aead_xchacha20poly1305_ietf_encrypt(got, NULL,
	    (const uint8_t *)text, sizeof text - 1, ad.at, ad.len, NULL,
	    nonce.at, key.at);
	assert_int_equal(want.len, sizeof got);
	assert_memory_equal(got, want.at, sizeof got);
	assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(back,
	    NULL, NULL, got, sizeof got, ad.at, ad.len, nonce.at, key.at), 0);
	for (size_t i = 0; i < sizeof got; i++) {
		got[i] ^= 1;
		assert_int_not_equal(
		    crypto_aead_xchacha20poly1305_ietf_decrypt(back, NULL,
		    NULL, got, sizeof got, ad.at, ad.len, nonce.at, key.at),
		    0);
		got[i] ^= 1;
	}
	buf_free(&want);
	buf_free(&ad);
	buf_free(&key);
	buf_free(&nonce);
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
	    T(x25519_agrees_with_rfc_7748),
	    T(x25519_refuses_a_point_of_small_order),
	    T(xchacha20_poly1305_agrees_with_the_draft),
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
