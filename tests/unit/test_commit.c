#include "tests/unit/test.h"

#include "sync/commit.h"

#define DEVICE "00112233445566778899aabbccddeeff"

/*
 * Written by hand and signed by ssh-keygen -Y sign -n git (OpenSSH 9.2) with
 * RFC 8032's first key.
 */
static const char stock[] =
    "tree 1111111111111111111111111111111111111111\n"
    "parent 2222222222222222222222222222222222222222\n"
    "author fieldkit <kit@kit.invalid> 1577836807 +0000\n"
    "committer fieldkit <kit@kit.invalid> 1577836807 +0000\n"
    "gpgsig -----BEGIN SSH SIGNATURE-----\n"
    " U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg11qYAYKxCrfVS/7TyWQHOg7hcv\n"
    " PapiMlrwIaaPcHURoAAAADZ2l0AAAAAAAAAAZzaGE1MTIAAABTAAAAC3NzaC1lZDI1NTE5\n"
    " AAAAQNsFLLDP2cUli9GwzN/fgLkirF7satBz3Ht9zKzGYPXRbuOiYE53CIJ2Ey80xUKtcY\n"
    " aUhsw5mtxt1X0L2u6KJAY=\n"
    " -----END SSH SIGNATURE-----\n"
    "\n"
    "kit 1\n"
    "genesis aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
    "ref refs/heads/device/00112233445566778899aabbccddeeff\n"
    "seq 2\n"
    "prev bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n"
    "seg cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\n"
    "roster 3 dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd\n"
    "box eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\n"
    "epoch 4\n";
static const char stock_hash[] =
    "e7b6edd7c78f908b6ff38bb9dee528ec"
    "8c6aa6d6c8708322bfaded946b497c42";		/* by Python's hashlib */
static const char rfc_seed[] =
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

struct key {
	uint8_t		pk[SIGN_PK], sk[SIGN_SK];
};

static struct key
rfc_key(void)
{
	struct key k;
	uint8_t seed[32];

	assert_true(hex_parse(seed, 32, bytes_of(rfc_seed)));
	sign_from_seed(k.pk, k.sk, seed);
	return k;
}

static void
fill(void *at, uint8_t v, size_t n)
{
	memset(at, v, n);
}

/* The fields of `stock`. */
static struct commit
device_commit(void)
{
	struct commit c = { .nparents = 1, .generation = 7, .seq = 2,
	    .roster_seq = 3, .has_box = true, .has_epoch = true, .epoch = 4 };

	fill(c.tree.b, 0x11, OID_LEN);
	fill(c.parents[0].b, 0x22, OID_LEN);
	fill(c.genesis.b, 0xaa, 32);
	snprintf(c.ref, sizeof c.ref, "refs/heads/device/" DEVICE);
	fill(c.prev.b, 0xbb, 32);
	fill(c.seg.b, 0xcc, 32);
	fill(c.roster_hash.b, 0xdd, 32);
	fill(c.box, 0xee, 32);
	return c;
}

static struct commit
join_commit(void)
{
	struct commit c = device_commit();
	struct key k = rfc_key();

	c.seq = 1;
	c.nparents = 0;
	fill(c.prev.b, 0, 32);
	c.has_join = true;
	fill(c.join.project.b, 1, 16);
	fill(c.join.device.b, 2, 16);
	memcpy(c.join.sign_pk, k.pk, 32);
	fill(c.join.box_pk, 3, 32);
	fill(c.join.file.b, 4, 32);
	join_make(&c.join, k.sk, k.sk);
	return c;
}

static struct commit
main_commit(size_t n)
{
	struct commit c = device_commit();

	snprintf(c.ref, sizeof c.ref, "refs/heads/main");
	c.has_box = c.has_epoch = false;
	fill(c.seg.b, 0, 32);
	c.nparents = n + 1;
	for (size_t i = 0; i < n; i++) {
		fill(c.parents[i + 1].b, (uint8_t)(0x30 + i), OID_LEN);
		fill(c.accepts[i].device.b, (uint8_t)(0x40 + i), 16);
		fill(c.accepts[i].hash.b, (uint8_t)(0x50 + i), 32);
		c.accepts[i].seq = i + 1;
	}
	c.naccepts = n;
	return c;
}

static struct commit
roster_commit(uint64_t seq)
{
	struct commit c = device_commit();

	snprintf(c.ref, sizeof c.ref, "refs/heads/roster");
	c.has_box = c.has_epoch = false;
	c.seq = seq;
	c.roster_seq = seq - 1;
	if (seq > 1)
		return c;
	c.nparents = 0;
	fill(c.genesis.b, 0, 32);
	fill(c.prev.b, 0, 32);
	fill(c.roster_hash.b, 0, 32);
	return c;
}

static struct commit
orphan_commit(const char *ref, uint64_t seq)
{
	struct commit c = device_commit();

	snprintf(c.ref, sizeof c.ref, "%s", ref);
	c.has_box = c.has_epoch = false;
	c.nparents = 0;
	fill(c.prev.b, 0, 32);
	c.seq = seq;
	return c;
}

static struct buf
signed_bytes(struct commit *c)
{
	struct buf object = BUF_EMPTY, armor = BUF_EMPTY;
	struct key k = rfc_key();

	commit_sign(&object, &armor, c, k.pk, k.sk);
	buf_free(&armor);
	return object;
}

static fault
parse_signed(struct commit *c)
{
	struct buf b = signed_bytes(c);
	struct commit got;
	fault f = commit_parse(&got, buf_view(&b));

	if (f == NULL) {
		assert_true(commit_signed(&got, buf_view(&b)));
		assert_true(hash_eq(&got.hash, &c->hash));
		struct buf again = signed_bytes(&got);
		assert_true(bytes_eq(buf_view(&b), buf_view(&again)));
		buf_free(&again);
	}
	buf_free(&b);
	return f;
}

TEST(our_commit_is_what_stock_tools_make_byte_for_byte)
{
	struct commit c = device_commit();
	struct buf b = signed_bytes(&c);
	char hex[HASH_HEX];

	assert_string_equal(buf_cstr(&b), stock);
	assert_string_equal(hash_hex(hex, &c.hash), stock_hash);
	buf_free(&b);
}

TEST(a_commit_of_stock_tools_is_read_and_verifies)
{
	struct commit c;
	struct key k = rfc_key();
	char hex[HASH_HEX];

	assert_ok(commit_parse(&c, bytes_of(stock)));
	assert_true(commit_signed(&c, bytes_of(stock)));
	assert_memory_equal(c.pk, k.pk, 32);
	assert_int_equal(c.generation, 7);
	assert_int_equal(c.seq, 2);
	assert_int_equal(c.nparents, 1);
	assert_int_equal(c.parents[0].b[19], 0x22);
	assert_string_equal(c.ref, "refs/heads/device/" DEVICE);
	assert_int_equal(c.roster_seq, 3);
	assert_true(c.has_box && c.has_epoch && !c.has_join);
	assert_int_equal(c.epoch, 4);
	assert_string_equal(hash_hex(hex, &c.hash), stock_hash);
}

/* Without its last lines it may have the form, but not the signature. */
TEST(a_commit_cut_anywhere_is_refused)
{
	struct commit c;

	for (size_t n = 0; n < sizeof stock - 1; n++) {
		uint8_t *p = test_cut((const uint8_t *)stock, n);
		struct bytes raw = { p, n };

		assert_false(commit_parse(&c, raw) == NULL &&
		    commit_signed(&c, raw));
		free(p);
	}
}

/* Either the form breaks or the signature does: no bit is left unguarded. */
TEST(a_flipped_bit_is_refused_wherever_it_is)
{
	struct commit first = join_commit();
	struct buf b = signed_bytes(&first);

	for (size_t i = 0; i < 8 * b.len; i += 1 + (i % 8 == 7 ? 0 : 2)) {
		uint8_t *p = test_cut(b.at, b.len);
		struct bytes raw = { p, b.len };
		struct commit c;

		p[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(commit_parse(&c, raw) == NULL &&
		    commit_signed(&c, raw));
		free(p);
	}
	buf_free(&b);
}

TEST(every_kind_of_ref_has_its_commits)
{
	struct commit c = join_commit();

	assert_ok(parse_signed(&c));
	c = roster_commit(1);
	assert_ok(parse_signed(&c));
	c = roster_commit(2);
	assert_ok(parse_signed(&c));
	c = orphan_commit("refs/heads/hub", 1);
	assert_ok(parse_signed(&c));
	c = orphan_commit("refs/heads/keyring/12", 12);
	assert_ok(parse_signed(&c));
	for (size_t n = 1; n <= 8; n++) {
		c = main_commit(n);
		assert_ok(parse_signed(&c));
	}
	c.seq = 1;
	fill(c.prev.b, 0, 32);
	c.nparents--;
	assert_ok(parse_signed(&c));
}

TEST(a_commit_that_poses_as_another_kind_is_refused)
{
	struct commit c = device_commit();

	snprintf(c.ref, sizeof c.ref, "refs/heads/roster");
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c.has_box = c.has_epoch = false;	/* quotes 3, is 2 */
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	snprintf(c.ref, sizeof c.ref, "refs/heads/hub");
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	snprintf(c.ref, sizeof c.ref, "refs/heads/main");
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	snprintf(c.ref, sizeof c.ref, "refs/heads/other");
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c = orphan_commit("refs/heads/keyring/12", 13);
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c = orphan_commit("refs/heads/hub", 2);
	assert_fault(FAULT_FORMAT, parse_signed(&c));
}

TEST(zeros_stand_only_where_nothing_can_stand)
{
	struct commit c = device_commit();

	fill(c.genesis.b, 0, 32);
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c = device_commit();
	fill(c.prev.b, 0, 32);
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c = device_commit();
	fill(c.seg.b, 0, 32);
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c = device_commit();
	fill(c.roster_hash.b, 0, 32);
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c = device_commit();
	c.roster_seq = 0;
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c = device_commit();
	c.seq = 1;
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c = device_commit();
	c.epoch = 0;
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c = device_commit();
	c.generation = 0;
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c = roster_commit(1);
	fill(c.genesis.b, 1, 32);
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c = main_commit(1);
	fill(c.seg.b, 1, 32);
	assert_fault(FAULT_FORMAT, parse_signed(&c));
}

TEST(parents_are_as_many_as_the_message_says)
{
	struct commit c = device_commit();

	c.nparents = 0;
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c.nparents = 2;
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c = main_commit(3);
	c.nparents--;
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c = main_commit(0);
	assert_fault(FAULT_FORMAT, parse_signed(&c));
}

TEST(accept_lines_stand_in_order_of_device)
{
	struct commit c = main_commit(2);

	c.accepts[1].device = c.accepts[0].device;
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	fill(c.accepts[1].device.b, 0, 16);
	assert_fault(FAULT_FORMAT, parse_signed(&c));
	c = main_commit(2);
	c.accepts[1].seq = 0;
	assert_fault(FAULT_FORMAT, parse_signed(&c));
}

TEST(a_join_line_stands_in_the_first_commit_only)
{
	struct commit c = join_commit();

	c.seq = 2;
	c.nparents = 1;
	fill(c.prev.b, 1, 32);
	assert_fault(FAULT_FORMAT, parse_signed(&c));
}

/* From a well-formed text, each row replaces one piece by a lax spelling. */
TEST(nothing_is_forgiven)
{
	static const struct {
		const char *was, *is;
	} rows[] = {
		{ "seq 2\n", "seq 02\n" }, { "seq 2\n", "seq +2\n" },
		{ "seq 2\n", "seq  2\n" }, { "seq 2\n", "seq 2 \n" },
		{ "seq 2\n", "seq 0\n" }, { "seq 2\n", "seq -2\n" },
		{ "seq 2\n", "seq \n" }, { "seq 2\n", "seq 2\r\n" },
		{ "seq 2\n", "seq 2147483648\n" },
		{ "seq 2\n", "seq 18446744073709551618\n" },
		{ "seq 2\n", "" }, { "seq 2\n", "seq 2\nseq 2\n" },
		{ "epoch 4\n", "epoch 4294967296\n" },
		{ "epoch 4\n", "epoch 4\n\n" },
		{ "epoch 4\n", "epoch 4\nmore\n" }, { "epoch 4\n", "epoch 4" },
		{ "kit 1\n", "kit 2\n" }, { "kit 1\n", "\nkit 1\n" },
		{ "genesis a", "genesis A" }, { "genesis a", "genesis " },
		{ "genesis a", "genesis aa" }, { "genesis", "Genesis" },
		{ "ref refs/", "ref /refs/" }, { "device/0", "device/" },
		{ "device/00112233445566778899aabb",
		    "device/00112233445566778899AABB" },
		{ "tree 1", "tree  1" }, { "parent 2", "parent 2 2" },
		{ "author fieldkit", "author Fieldkit" },
		{ "6807 +0000\nc", "6807 +0100\nc" },
		{ "6807 +0000\nc", "6808 +0000\nc" },
		{ "1577836807 +0000\nc", "01577836807 +0000\nc" },
		{ "committer", "encoding UTF-8\ncommitter" },
		{ "gpgsig ", "encoding UTF-8\ngpgsig " },
		{ "gpgsig ", "gpgsig-sha256 " },
		{ "SIGNATURE-----\n\nkit", "SIGNATURE-----\nx y\n\nkit" },
		{ "SIGNATURE-----\n\nkit", "SIGNATURE-----\n\n\nkit" },
		{ "SIGNATURE-----\n\nkit", "SIGNATURE-----\n \n\nkit" },
		{ "\n PapiM", "\nPapiM" }, { "\n PapiM", "\n  PapiM" },
		{ "box e", "Box e" }, { "box ee", "join e\nbox ee" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *at = strstr(stock, rows[i].was);
		struct buf b = BUF_EMPTY;
		struct commit c;

		assert_non_null(at);
		buf_text(&b, "%.*s%s%s", (int)(at - stock), stock, rows[i].is,
		    at + strlen(rows[i].was));
		if (commit_parse(&c, buf_view(&b)) == NULL)
			fail_msg("accepted: %s", rows[i].is);
		buf_free(&b);
	}
}

TEST(more_than_8_kib_are_refused)
{
	struct buf b = BUF_EMPTY;
	struct commit c;

	buf_text(&b, "%s", stock);
	while (b.len <= WIRE_COMMIT_MAX)
		buf_text(&b, "x");
	assert_fault(FAULT_FORMAT, commit_parse(&c, buf_view(&b)));
	buf_free(&b);
}

TEST(the_largest_commit_of_main_fits)
{
	struct commit c = main_commit(8);
	struct buf b;

	c.seq = c.roster_seq = WIRE_SEQ_MAX;
	c.generation = UINT32_MAX;
	for (size_t i = 0; i < 8; i++)
		c.accepts[i].seq = WIRE_SEQ_MAX;
	b = signed_bytes(&c);
	assert_true(b.len < WIRE_COMMIT_MAX);
	buf_free(&b);
	assert_ok(parse_signed(&c));
}

TEST(a_signature_of_another_namespace_or_key_is_refused)
{
	struct commit c = device_commit(), got;
	struct buf bare = BUF_EMPTY, b = BUF_EMPTY;
	struct key k = rfc_key();
	uint8_t pk[32], sk[64];

	commit_unsigned(&bare, &c);
	sign_keypair(pk, sk);
	b = signed_bytes(&c);
	assert_ok(commit_parse(&got, buf_view(&b)));
	memcpy(got.pk, pk, 32);
	assert_false(commit_signed(&got, buf_view(&b)));
	memcpy(got.pk, k.pk, 32);
	assert_true(commit_signed(&got, buf_view(&b)));
	sign(got.sig, k.sk, SIGN_ROSTER, buf_view(&bare));
	assert_false(commit_signed(&got, buf_view(&b)));
	buf_free(&bare);
	buf_free(&b);
}

TEST(a_join_line_holds_only_with_both_keys)
{
	struct join j = join_commit().join, bad;
	struct key k = rfc_key();
	uint8_t pk[32], sk[64];

	sign_keypair(pk, sk);
	assert_true(join_ok(&j, k.pk));
	assert_false(join_ok(&j, pk));
	bad = j;
	bad.by_new[3] ^= 1;
	assert_false(join_ok(&bad, k.pk));
	bad = j;
	bad.by_once[3] ^= 1;
	assert_false(join_ok(&bad, k.pk));
	bad = j;
	memcpy(bad.sign_pk, pk, 32);	/* another took the line over */
	assert_false(join_ok(&bad, k.pk));
	bad = j;
	bad.file.b[0] ^= 1;
	assert_false(join_ok(&bad, k.pk));
	join_make(&bad, sk, k.sk);
	assert_false(join_ok(&bad, k.pk));
}

TEST(a_ref_is_what_its_name_says_exactly)
{
	struct id device;
	uint64_t n = 0;
	char to[REF_MAX], entry[64];

	assert_int_equal(ref_kind("refs/heads/device/" DEVICE, &device, &n),
	    REF_DEVICE);
	ref_device(to, &device);
	assert_string_equal(to, "refs/heads/device/" DEVICE);
	assert_true(ref_entry(entry, to));
	assert_string_equal(entry, DEVICE ".seg");
	assert_int_equal(ref_kind("refs/heads/keyring/17", &device, &n),
	    REF_KEYRING);
	assert_int_equal(n, 17);
	assert_int_equal(ref_kind("refs/heads/main", NULL, NULL), REF_MAIN);
	assert_int_equal(ref_kind("refs/heads/hub", NULL, NULL), REF_HUB);
	assert_int_equal(ref_kind("refs/heads/roster", NULL, NULL), REF_ROSTER);
	assert_false(ref_entry(entry, "refs/heads/main"));
	assert_true(ref_entry(entry, "refs/heads/keyring/1"));
	assert_string_equal(entry, "keyring.seg");
}

TEST(a_ref_that_is_nearly_ours_is_not)
{
	static const char *const others[] = {
		"", "refs/heads/", "refs/heads/Main", "refs/heads/main/",
		"refs/heads/device/", "refs/heads/device/" DEVICE "0",
		"refs/heads/device/0011223344556677-8899aabbccddeef",
		"refs/heads/device/00112233445566778899AABBCCDDEEFF",
		"refs/heads/keyring/", "refs/heads/keyring/0",
		"refs/heads/keyring/01", "refs/heads/keyring/+1",
		"refs/heads/keyring/1x", "refs/heads/keyring/2147483648",
		"refs/tags/main", "HEAD"
	};
	struct id device;
	uint64_t n;

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_int_equal(ref_kind(others[i], &device, &n), REF_OTHER);
}

TEST(an_oid_is_written_as_git_does)
{
	struct oid o = { { 0xe6, 0x9d, 0xe2, 0x9b } };
	char hex[41];

	oid_hex(hex, &o);
	assert_string_equal(hex, "e69de29b00000000000000000000000000000000");
	assert_false(oid_zero(&o));
	assert_true(oid_eq(&o, &o));
}

int
main(void)
{
	return RUN(
	    T(our_commit_is_what_stock_tools_make_byte_for_byte),
	    T(a_commit_of_stock_tools_is_read_and_verifies),
	    T(a_commit_cut_anywhere_is_refused),
	    T(a_flipped_bit_is_refused_wherever_it_is),
	    T(every_kind_of_ref_has_its_commits),
	    T(a_commit_that_poses_as_another_kind_is_refused),
	    T(zeros_stand_only_where_nothing_can_stand),
	    T(parents_are_as_many_as_the_message_says),
	    T(accept_lines_stand_in_order_of_device),
	    T(a_join_line_stands_in_the_first_commit_only),
	    T(nothing_is_forgiven),
	    T(more_than_8_kib_are_refused),
	    T(the_largest_commit_of_main_fits),
	    T(a_signature_of_another_namespace_or_key_is_refused),
	    T(a_join_line_holds_only_with_both_keys),
	    T(a_ref_is_what_its_name_says_exactly),
	    T(a_ref_that_is_nearly_ours_is_not),
	    T(an_oid_is_written_as_git_does));
}
