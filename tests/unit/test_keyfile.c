#include "fieldkit/keyfile.h"
#include "sync/base/codec.h"
#include "sync/base/file.h"
#include "tests/unit/test.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#define PASS bytes_of("zes woorden die niemand raadt")
#define ONE_KEY 350		/* bytes of a keyfile with one database key */

/* In memory: thousands of files are synced here. */
static char home[32] = "/dev/shm/kit-keyfile-XXXXXX";
static const struct id device = { "device number 1" };
static uint8_t paper_pk[32], paper_sk[32];

static char *
copy_path(char which)
{
	static char path[64];

	snprintf(path, sizeof path, "%s/keyfile.%c", home, which);
	return path;
}

static struct buf
slurp(char which)
{
	struct buf b = BUF_EMPTY;

	assert_ok(file_read(&b, copy_path(which), 4096));
	return b;
}

static void
spew(char which, struct bytes all)
{
	assert_ok(file_write(copy_path(which), all, 0600));
}

static void
spew_both(struct bytes all)
{
	spew('a', all);
	spew('b', all);
}

static void
remove_both(void)
{
	unlink(copy_path('a'));
	unlink(copy_path('b'));
}

/* A fresh practice keyfile on the disk; its master key. */
static uint8_t *
fresh(const struct id *id)
{
	uint8_t *master = NULL;

	remove_both();
	assert_ok(keyfile_create(home, id, true, PASS, paper_pk, &master));
	return master;
}

static void
wipe(uint8_t *master)
{
	secret_free(master, MASTER_LEN);
}

/* Read and unlock; the fault of whichever refused first. */
static fault
try_unlock(struct bytes passphrase, uint8_t master[MASTER_LEN])
{
	struct keyfile k = { 0 };
	uint8_t *got = NULL;
	fault f = keyfile_read(&k, home);

	if (f == NULL)
		f = keyfile_unlock(&got, &k, passphrase);
	if (f == NULL && master != NULL)
		memcpy(master, got, MASTER_LEN);
	wipe(got);
	keyfile_free(&k);
	return f;
}

/* The hash at the end made right again, as a forger would. */
static void
rehash(struct buf *b)
{
	crypto_generichash(b->at + b->len - 32, 32, b->at, b->len - 32, NULL,
	    0);
}

/* --- the ordinary way -------------------------------------------------- */

TEST(the_passphrase_gives_back_the_master_key)
{
	uint8_t *master = fresh(&device), got[MASTER_LEN];

	assert_ok(try_unlock(PASS, got));
	assert_memory_equal(got, master, MASTER_LEN);
	wipe(master);
}

TEST(a_wrong_passphrase_is_refused)
{
	wipe(fresh(&device));
	assert_fault(FAULT_LOCKED, try_unlock(bytes_of("zes woorden"), NULL));
	assert_fault(FAULT_LOCKED, try_unlock(BYTES_EMPTY, NULL));
	assert_ok(try_unlock(PASS, NULL));
}

TEST(both_copies_are_alike_and_for_the_owner_only)
{
	struct buf a, b;
	struct stat st;

	wipe(fresh(&device));
	a = slurp('a');
	b = slurp('b');
	assert_int_equal(a.len, ONE_KEY);
	assert_true(bytes_eq(buf_view(&a), buf_view(&b)));
	assert_int_equal(stat(copy_path('a'), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	buf_free(&a);
	buf_free(&b);
}

TEST(the_practice_setting_takes_at_most_20_ms)
{
	uint8_t key[32];
	double best = 1;

	for (int i = 0; i < 7; i++) {
		clock_t start = clock();
		double took;

		assert_ok(stretch(key, &stretch_practice, PASS,
		    (const uint8_t *)"0123456789abcdef"));
		took = (double)(clock() - start) / CLOCKS_PER_SEC;
		best = took < best ? took : best;
	}
	print_message("# practice passphrase: %.1f ms\n", best * 1000);
	assert_true(best <= 0.020);
}

TEST(a_real_project_has_at_least_256_MiB_and_3_passes)
{
	struct keyfile k = { 0 };
	uint8_t *master = NULL, got[MASTER_LEN];

	remove_both();
	assert_ok(keyfile_create(home, &device, false, PASS, paper_pk,
	    &master));
	assert_ok(keyfile_read(&k, home));
	assert_false(k.practice);
	print_message("# real passphrase: %u passes, %u KiB\n", k.cost.ops,
	    k.cost.mem_kib);
	assert_true(k.cost.ops >= 3 && k.cost.ops <= 10);
	assert_true(k.cost.mem_kib >= 262144 && k.cost.mem_kib <= 1048576);
	assert_ok(try_unlock(PASS, got));
	assert_memory_equal(got, master, MASTER_LEN);
	wipe(master);
	keyfile_free(&k);
}

/* Offsets and AD from WIRE.md 9, not from keyfile.c. */
TEST(the_slots_are_where_the_format_says)
{
	uint8_t *master = fresh(&device), ad[50], kek[32], got[32], sub[32],
	    mac[32], *dk;
	struct buf b = slurp('a');
	struct keyfile k = { 0 };

	assert_memory_equal(b.at, "KITKEY\0\0", 8);
	assert_memory_equal(b.at + 8, device.b, 16);
	assert_memory_equal(b.at + 24, "\1\2\1\0", 4);
	assert_memory_equal(b.at + 28, "\1\0\0\0\0\0\0\0", 8);
	assert_memory_equal(b.at + 36, "\1" "\1\0\0\0" "\0\x10\0\0", 9);
	memcpy(ad, b.at, 25);
	memcpy(ad + 25, b.at + 36, 25);
	assert_int_equal(crypto_pwhash(kek, 32, (const char *)PASS.at,
	    PASS.len, b.at + 45, 1, 4u << 20,
	    crypto_pwhash_ALG_ARGON2ID13), 0);
	assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(got, NULL,
	    NULL, b.at + 85, 48, ad, 50, b.at + 61, kek), 0);
	assert_memory_equal(got, master, 32);
	assert_int_equal(b.at[133], 2);
	assert_int_equal(crypto_box_seal_open(got, b.at + 134, 80, paper_pk,
	    paper_sk), 0);
	assert_memory_equal(got, master, 32);
	crypto_kdf_derive_from_key(sub, 32, 2, "kit1kfil", master);
	assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(got, NULL,
	    NULL, b.at + 238, 48, b.at, 24, b.at + 214, sub), 0);
	assert_ok(keyfile_read(&k, home));
	assert_ok(keyfile_database_key(&dk, &k, master));
	assert_memory_equal(got, dk, 32);
	crypto_kdf_derive_from_key(sub, 32, 1, "kit1kfil", master);
	crypto_generichash(mac, 32, b.at, 286, sub, 32);
	assert_memory_equal(b.at + 286, mac, 32);
	crypto_generichash(mac, 32, b.at, 318, NULL, 0);
	assert_memory_equal(b.at + 318, mac, 32);
	secret_free(dk, 32);
	wipe(master);
	buf_free(&b);
	keyfile_free(&k);
}

TEST(a_master_key_fits_only_its_own_keyfile)
{
	uint8_t *master = fresh(&device), other[MASTER_LEN];
	struct keyfile k = { 0 };

	assert_ok(keyfile_read(&k, home));
	assert_true(keyfile_fits(&k, master));
	memcpy(other, master, MASTER_LEN);
	other[31] ^= 1;
	assert_false(keyfile_fits(&k, other));
	wipe(master);
	keyfile_free(&k);
}

TEST(the_paper_key_gives_back_the_master_key_and_another_does_not)
{
	uint8_t *master = fresh(&device), *got = NULL, pk[32], sk[32];
	struct keyfile k = { 0 };

	crypto_box_keypair(pk, sk);
	assert_ok(keyfile_read(&k, home));
	assert_fault(FAULT_LOCKED, keyfile_recover(&got, &k, pk, sk));
	assert_null(got);
	assert_ok(keyfile_recover(&got, &k, paper_pk, paper_sk));
	assert_memory_equal(got, master, MASTER_LEN);
	wipe(got);
	wipe(master);
	keyfile_free(&k);
}

/* Sealed to the same paper key, but by another device. */
TEST(another_devices_recovery_slot_opens_nothing_here)
{
	static const struct id other = { "device number 2" };
	struct keyfile k = { 0 };
	struct buf a, b;
	uint8_t *got = NULL;

	wipe(fresh(&other));
	b = slurp('a');
	wipe(fresh(&device));
	a = slurp('a');
	memcpy(a.at + 133, b.at + 133, 81);
	rehash(&a);
	spew_both(buf_view(&a));
	assert_ok(keyfile_read(&k, home));
	assert_fault(FAULT_TRUST, keyfile_recover(&got, &k, paper_pk,
	    paper_sk));
	assert_null(got);
	buf_free(&a);
	buf_free(&b);
	keyfile_free(&k);
}

TEST(a_keyfile_that_is_there_is_never_replaced)
{
	uint8_t *master = NULL;

	wipe(fresh(&device));
	assert_fault(FAULT_INVALID, keyfile_create(home, &device, true, PASS,
	    paper_pk, &master));
	unlink(copy_path('a'));
	assert_fault(FAULT_INVALID, keyfile_create(home, &device, true, PASS,
	    paper_pk, &master));
	remove_both();
	assert_fault(FAULT_INVALID, keyfile_create(home, &device, true,
	    BYTES_EMPTY, paper_pk, &master));
	assert_fault(FAULT_ABSENT, try_unlock(PASS, NULL));
}

TEST(a_new_passphrase_replaces_the_old_and_keeps_the_keys)
{
	uint8_t *master = fresh(&device), got[MASTER_LEN], *before, *after;
	struct keyfile k = { 0 };

	assert_ok(keyfile_read(&k, home));
	assert_ok(keyfile_database_key(&before, &k, master));
	assert_ok(keyfile_change(home, &k, master, bytes_of("nieuw")));
	assert_int_equal(k.generation, 2);
	assert_ok(keyfile_database_key(&after, &k, master));
	assert_memory_equal(before, after, 32);
	assert_fault(FAULT_LOCKED, try_unlock(PASS, NULL));
	assert_ok(try_unlock(bytes_of("nieuw"), got));
	assert_memory_equal(got, master, MASTER_LEN);
	assert_fault(FAULT_INVALID, keyfile_change(home, &k, master,
	    BYTES_EMPTY));
	got[0] ^= 1;
	assert_fault(FAULT_TRUST, keyfile_change(home, &k, got, PASS));
	assert_ok(try_unlock(bytes_of("nieuw"), got));
	secret_free(before, 32);
	secret_free(after, 32);
	wipe(master);
	keyfile_free(&k);
}

/* --- two database keys -------------------------------------------------- */

/* A fresh keyfile with a second key; the older and the newer into keys. */
static uint8_t *
with_two(struct keyfile *k, uint8_t keys[2][32])
{
	uint8_t *master = fresh(&device), *dk = NULL;
	struct file_lock lock = FILE_LOCK_NONE;

	assert_ok(keyfile_read(k, home));
	assert_int_equal(keyfile_database_keys(k), 1);
	assert_fault(FAULT_ABSENT, keyfile_newer_key(&dk, k, master));
	assert_ok(keyfile_database_key(&dk, k, master));
	memcpy(keys[0], dk, 32);
	secret_free(dk, 32);
	assert_ok(keyfile_lock(&lock, home));
	assert_ok(keyfile_add_key(k, master));
	file_unlock(&lock);
	assert_int_equal(keyfile_database_keys(k), 2);
	assert_ok(keyfile_newer_key(&dk, k, master));
	memcpy(keys[1], dk, 32);
	secret_free(dk, 32);
	return master;
}

TEST(a_second_database_key_stands_beside_the_first_in_both_copies)
{
	uint8_t keys[2][32], got[MASTER_LEN], *master, *dk = NULL;
	struct keyfile k = { 0 }, now = { 0 };
	struct buf a, b;

	master = with_two(&k, keys);
	assert_memory_not_equal(keys[0], keys[1], 32);
	assert_int_equal(k.generation, 2);
	a = slurp('a');
	b = slurp('b');
	assert_int_equal(a.len, ONE_KEY + 72);
	assert_int_equal(a.at[26], 2);
	assert_true(bytes_eq(buf_view(&a), buf_view(&b)));
	assert_ok(try_unlock(PASS, got));
	assert_memory_equal(got, master, MASTER_LEN);
	assert_ok(keyfile_read(&now, home));
	assert_ok(keyfile_database_key(&dk, &now, master));
	assert_memory_equal(dk, keys[0], 32);
	secret_free(dk, 32);
	/* There is no third. */
	assert_fault(FAULT_FAIL, keyfile_add_key(&k, master));
	got[0] ^= 1;
	assert_fault(FAULT_TRUST, keyfile_add_key(&now, got));
	wipe(master);
	buf_free(&a);
	buf_free(&b);
	keyfile_free(&k);
	keyfile_free(&now);
}

/* What is dropped is in neither copy, under any passphrase. */
TEST(either_database_key_can_be_kept_and_the_other_is_gone)
{
	uint8_t keys[2][32], *master, *dk = NULL;
	struct keyfile k = { 0 }, now = { 0 };
	struct buf two, one;

	for (int i = KEY_OLDER; i <= KEY_NEWER; i++) {
		master = with_two(&k, keys);
		two = slurp('a');
		assert_ok(keyfile_keep_key(&k, (enum keyfile_key)i, master));
		assert_fault(FAULT_FAIL, keyfile_keep_key(&k, KEY_OLDER,
		    master));
		for (char c = 'a'; c <= 'b'; c++) {
			one = slurp(c);
			assert_int_equal(one.len, ONE_KEY);
			assert_memory_equal(one.at + 214,
			    two.at + 214 + 72 * i, 72);
			assert_null(memmem(one.at, one.len,
			    two.at + 214 + 72 * !i, 72));
			buf_free(&one);
		}
		assert_ok(keyfile_read(&now, home));
		assert_int_equal(now.generation, 3);
		assert_ok(keyfile_database_key(&dk, &now, master));
		assert_memory_equal(dk, keys[i], 32);
		assert_ok(try_unlock(PASS, NULL));
		secret_free(dk, 32);
		wipe(master);
		buf_free(&two);
		keyfile_free(&k);
		keyfile_free(&now);
	}
}

/* The older database key would be lost with all that it opens. */
TEST(a_keyfile_that_another_process_has_changed_is_not_overwritten)
{
	uint8_t *master = fresh(&device), keys[2][32];
	struct keyfile ours = { 0 }, theirs = { 0 };
	struct file_lock lock = FILE_LOCK_NONE;
	struct buf before, after;
	bool changed;

	wipe(master);
	master = with_two(&theirs, keys);
	assert_ok(keyfile_read(&ours, home));
	assert_ok(keyfile_keep_key(&theirs, KEY_NEWER, master));
	before = slurp('a');
	assert_fault(FAULT_FAIL, keyfile_change(home, &ours, master,
	    bytes_of("nieuw")));
	assert_fault(FAULT_FAIL, keyfile_keep_key(&ours, KEY_OLDER, master));
	after = slurp('a');
	assert_true(bytes_eq(buf_view(&before), buf_view(&after)));
	assert_ok(keyfile_again(&ours, master, &changed));
	assert_true(changed);
	assert_int_equal(keyfile_database_keys(&ours), 1);
	assert_ok(keyfile_again(&ours, master, &changed));
	assert_false(changed);
	assert_ok(keyfile_change(home, &ours, master, bytes_of("nieuw")));
	assert_ok(keyfile_lock(&lock, home));
	file_unlock(&lock);
	wipe(master);
	buf_free(&before);
	buf_free(&after);
	keyfile_free(&ours);
	keyfile_free(&theirs);
}

static void
hold_lock(int ready, int until)
{
	struct file_lock lock = FILE_LOCK_NONE;
	char c;

	if (keyfile_lock(&lock, home) != NULL || write(ready, "r", 1) != 1 ||
	    read(until, &c, 1) != 0)
		_exit(1);
	_exit(0);
}

/* A copy from before a rewriting holds the old key: it goes with the mending,
 * but not while somebody is at work on the copies. */
TEST(a_copy_is_not_mended_while_another_process_writes_both)
{
	int ready[2], until[2], status;
	struct buf stale, now;
	pid_t pid;
	char c;

	wipe(fresh(&device));
	stale = slurp('b');
	spew('b', (struct bytes){ stale.at, 100 });
	assert_int_equal(pipe(ready) | pipe(until), 0);
	if ((pid = fork()) == 0) {
		close(until[1]);
		hold_lock(ready[1], until[0]);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_ok(try_unlock(PASS, NULL));
	now = slurp('b');
	assert_int_equal(now.len, 100);
	buf_free(&now);
	close(until[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_ok(try_unlock(PASS, NULL));
	now = slurp('b');
	assert_true(bytes_eq(buf_view(&now), buf_view(&stale)));
	buf_free(&now);
	buf_free(&stale);
	close(ready[0]);
	close(ready[1]);
	close(until[0]);
}

/* --- two copies -------------------------------------------------------- */

TEST(a_copy_flipped_in_any_byte_is_passed_over_and_mended)
{
	struct keyfile k = { 0 };
	struct buf whole, now;

	wipe(fresh(&device));
	whole = slurp('a');
	for (size_t i = 0; i < whole.len; i++) {
		char which = i % 2 == 0 ? 'a' : 'b';
		uint8_t bit = (uint8_t)(1u << i * 5 % 8);

		whole.at[i] ^= bit;
		spew(which, buf_view(&whole));
		whole.at[i] ^= bit;
		assert_ok(keyfile_read(&k, home));
		assert_true(bytes_eq(buf_view(&k.raw), buf_view(&whole)));
		keyfile_free(&k);
		if (i % 20 > 1) {
			spew(which, buf_view(&whole));
			continue;
		}
		assert_ok(try_unlock(PASS, NULL));
		now = slurp(which);
		assert_true(bytes_eq(buf_view(&now), buf_view(&whole)));
		buf_free(&now);
	}
	buf_free(&whole);
}

TEST(a_copy_cut_at_any_byte_is_passed_over)
{
	struct keyfile k = { 0 };
	struct buf whole;

	wipe(fresh(&device));
	whole = slurp('a');
	for (size_t n = 0; n < whole.len; n++) {
		spew('a', (struct bytes){ whole.at, n });
		assert_ok(keyfile_read(&k, home));
		assert_true(bytes_eq(buf_view(&k.raw), buf_view(&whole)));
		keyfile_free(&k);
	}
	assert_ok(try_unlock(PASS, NULL));
	for (size_t n = 0; n < whole.len; n += 9) {
		spew_both((struct bytes){ whole.at, n });
		assert_fault(FAULT_FORMAT, try_unlock(PASS, NULL));
	}
	buf_free(&whole);
}

TEST(a_missing_copy_is_made_again_at_the_next_unlock)
{
	struct buf a, b;

	wipe(fresh(&device));
	unlink(copy_path('a'));
	assert_ok(try_unlock(PASS, NULL));
	unlink(copy_path('b'));
	assert_ok(try_unlock(PASS, NULL));
	a = slurp('a');
	b = slurp('b');
	assert_true(bytes_eq(buf_view(&a), buf_view(&b)));
	buf_free(&a);
	buf_free(&b);
}

/* The power went between the two copies of a change. */
TEST(the_newer_copy_counts_and_the_older_follows)
{
	uint8_t *master = fresh(&device);
	struct keyfile k = { 0 };
	struct buf old, new;

	old = slurp('b');
	assert_ok(keyfile_read(&k, home));
	assert_ok(keyfile_change(home, &k, master, bytes_of("nieuw")));
	new = slurp('a');
	for (int i = 0; i < 2; i++) {
		char stale = i == 0 ? 'a' : 'b';

		spew(stale, buf_view(&old));
		assert_ok(try_unlock(bytes_of("nieuw"), NULL));
		buf_clear(&k.raw);
		assert_ok(file_read(&k.raw, copy_path(stale), 4096));
		assert_true(bytes_eq(buf_view(&k.raw), buf_view(&new)));
	}
	wipe(master);
	buf_free(&old);
	buf_free(&new);
	keyfile_free(&k);
}

TEST(a_copy_that_nobody_has_checked_mends_nothing)
{
	struct buf whole, now;

	wipe(fresh(&device));
	whole = slurp('a');
	whole.at[28] = 9;	/* generation 9, but no MAC for it */
	rehash(&whole);
	spew('a', buf_view(&whole));
	whole.at[28] = 1;
	rehash(&whole);
	assert_fault(FAULT_TRUST, try_unlock(PASS, NULL));
	assert_fault(FAULT_LOCKED, try_unlock(bytes_of("x"), NULL));
	now = slurp('b');
	assert_true(bytes_eq(buf_view(&now), buf_view(&whole)));
	buf_free(&whole);
	buf_free(&now);
}

TEST(a_newer_version_is_named_and_left_alone)
{
	struct buf b, now;

	wipe(fresh(&device));
	b = slurp('a');
	b.at[6] = 1;
	rehash(&b);
	spew('b', buf_view(&b));
	assert_fault(FAULT_INVALID, try_unlock(PASS, NULL));
	now = slurp('b');
	assert_true(bytes_eq(buf_view(&b), buf_view(&now)));
	buf_free(&b);
	buf_free(&now);
}

/* --- forgers ----------------------------------------------------------- */

TEST(what_is_cut_flipped_or_longer_does_not_decode)
{
	struct keyfile k = { 0 };
	struct buf b;
	uint8_t *p;

	wipe(fresh(&device));
	b = slurp('a');
	for (size_t n = 0; n < b.len; n++) {
		p = test_cut(b.at, n);
		assert_fault(FAULT_FORMAT,
		    keyfile_decode(&k, (struct bytes){ p, n }));
		free(p);
	}
	for (size_t i = 0; i < b.len * 8; i++) {
		p = test_cut(b.at, b.len);
		p[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_non_null(keyfile_decode(&k,
		    (struct bytes){ p, b.len }));
		free(p);
	}
	put_u8(&b, 0);
	assert_fault(FAULT_FORMAT, keyfile_decode(&k, buf_view(&b)));
	buf_free(&b);
}

TEST(a_forger_who_mends_the_hash_is_still_refused_at_every_byte)
{
	struct buf whole;

	wipe(fresh(&device));
	whole = slurp('a');
	for (size_t i = 0; i < whole.len - 32; i++) {
		struct keyfile k = { 0 };
		struct buf b = BUF_EMPTY;
		uint8_t *master = NULL;

		buf_add_bytes(&b, buf_view(&whole));
		b.at[i] ^= (uint8_t)(1u << i % 8);
		rehash(&b);
		if (keyfile_decode(&k, buf_view(&b)) == NULL &&
		    keyfile_unlock(&master, &k, PASS) == NULL)
			fail_msg("byte %zu", i);
		keyfile_free(&k);
		buf_free(&b);
	}
	buf_free(&whole);
}

/* Read this cost in a keyfile that says it is real or practice. */
static fault
with_cost(bool practice, uint32_t ops, uint32_t mem_kib)
{
	struct keyfile k = { 0 };
	struct buf b = BUF_EMPTY;
	clock_t start;
	fault f;

	wipe(fresh(&device));
	assert_ok(keyfile_read(&k, home));
	k.practice = practice;
	k.cost = (struct stretch_cost){ ops, mem_kib };
	keyfile_encode(&b, &k);
	spew_both(buf_view(&b));
	start = clock();
	f = try_unlock(PASS, NULL);
	assert_true(clock() - start < CLOCKS_PER_SEC / 10);
	buf_free(&b);
	keyfile_free(&k);
	return f;
}

TEST(a_cost_below_the_floor_or_above_the_cap_is_refused_before_it_is_paid)
{
	assert_fault(FAULT_TRUST, with_cost(false, 2, 262144));
	assert_fault(FAULT_TRUST, with_cost(false, 3, 262143));
	assert_fault(FAULT_TRUST, with_cost(false, 1, 4096));
	assert_fault(FAULT_TRUST, with_cost(false, 11, 262144));
	assert_fault(FAULT_TRUST, with_cost(false, 3, 1048577));
	assert_fault(FAULT_TRUST, with_cost(false, 0xffffffff, 0xffffffff));
	assert_fault(FAULT_TRUST, with_cost(true, 0, 4096));
	assert_fault(FAULT_TRUST, with_cost(true, 1, 4095));
	assert_fault(FAULT_TRUST, with_cost(true, 11, 4096));
	assert_fault(FAULT_TRUST, with_cost(true, 1, 1048577));
	assert_fault(FAULT_TRUST, with_cost(true, 1, 0));
}

/* Another cost than the one it was made with opens nothing. */
TEST(a_cost_that_was_changed_is_refused)
{
	assert_fault(FAULT_LOCKED, with_cost(true, 2, 4096));
	assert_fault(FAULT_LOCKED, with_cost(true, 1, 4100));
}

TEST(swapped_slots_are_refused)
{
	struct keyfile k = { 0 };
	struct buf b, c = BUF_EMPTY;

	wipe(fresh(&device));
	b = slurp('a');
	buf_add(&c, b.at, 36);
	buf_add(&c, b.at + 133, 81);
	buf_add(&c, b.at + 36, 97);
	buf_add(&c, b.at + 214, b.len - 214);
	rehash(&c);
	assert_fault(FAULT_FORMAT, keyfile_decode(&k, buf_view(&c)));
	buf_free(&b);
	buf_free(&c);
}

/* Bytes from..to of another device's keyfile in ours. */
static fault
splice(struct bytes ours, struct bytes theirs, size_t from, size_t to)
{
	struct buf b = BUF_EMPTY;

	buf_add_bytes(&b, ours);
	memcpy(b.at + from, theirs.at + from, to - from);
	rehash(&b);
	spew_both(buf_view(&b));
	buf_free(&b);
	return try_unlock(PASS, NULL);
}

TEST(another_devices_slots_are_refused)
{
	static const struct id other = { "device number 2" };
	struct buf a, b;

	wipe(fresh(&other));
	b = slurp('a');
	wipe(fresh(&device));
	a = slurp('a');
	/* Both have the same passphrase. */
	assert_fault(FAULT_LOCKED, splice(buf_view(&a), buf_view(&b), 36, 133));
	assert_fault(FAULT_TRUST, splice(buf_view(&a), buf_view(&b), 133, 214));
	assert_fault(FAULT_TRUST, splice(buf_view(&a), buf_view(&b), 214, 286));
	assert_fault(FAULT_TRUST, splice(buf_view(&a), buf_view(&b), 286, 318));
	assert_fault(FAULT_LOCKED, splice(buf_view(&a), buf_view(&b), 8, 24));
	spew_both(buf_view(&a));
	assert_ok(try_unlock(PASS, NULL));
	buf_free(&a);
	buf_free(&b);
}

/* --- no memory --------------------------------------------------------- */

#ifndef SANITIZED
static int
in_little_memory(void)
{
	struct rlimit little = { 200u << 20, 200u << 20 };
	uint8_t *master = NULL;
	fault f;

	if (setrlimit(RLIMIT_AS, &little) != 0)
		return 1;
	f = keyfile_create(home, &device, false, PASS, paper_pk, &master);
	if (f == NULL || f->code != FAULT_FAIL)
		return 2;
	if (strstr(f->text, "256 MiB") == NULL)
		return 3;
	return file_exists(copy_path('a')) || file_exists(copy_path('b')) ?
	    4 : 0;
}

TEST(without_memory_for_the_passphrase_there_is_a_message_and_nothing_weaker)
{
	int status = -1;
	pid_t pid;

	remove_both();
	if ((pid = fork()) == 0)
		_exit(in_little_memory());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}
#else
/* A sanitizer needs terabytes of address space. */
TEST(without_memory_for_the_passphrase_there_is_a_message_and_nothing_weaker)
{
	skip();
}
#endif

TEST(what_decodes_encodes_to_the_same_bytes)
{
	struct keyfile k = { 0 };
	struct buf b, c = BUF_EMPTY;

	wipe(fresh(&device));
	b = slurp('a');
	assert_ok(keyfile_decode(&k, buf_view(&b)));
	keyfile_encode(&c, &k);
	assert_true(bytes_eq(buf_view(&b), buf_view(&c)));
	buf_free(&b);
	buf_free(&c);
	keyfile_free(&k);
}

static int
run(void)
{
	return RUN(T(the_passphrase_gives_back_the_master_key),
	    T(a_wrong_passphrase_is_refused),
	    T(both_copies_are_alike_and_for_the_owner_only),
	    T(the_practice_setting_takes_at_most_20_ms),
	    T(a_real_project_has_at_least_256_MiB_and_3_passes),
	    T(the_slots_are_where_the_format_says),
	    T(a_master_key_fits_only_its_own_keyfile),
	    T(the_paper_key_gives_back_the_master_key_and_another_does_not),
	    T(another_devices_recovery_slot_opens_nothing_here),
	    T(a_keyfile_that_is_there_is_never_replaced),
	    T(a_new_passphrase_replaces_the_old_and_keeps_the_keys),
	    T(a_second_database_key_stands_beside_the_first_in_both_copies),
	    T(either_database_key_can_be_kept_and_the_other_is_gone),
	    T(a_keyfile_that_another_process_has_changed_is_not_overwritten),
	    T(a_copy_is_not_mended_while_another_process_writes_both),
	    T(a_copy_flipped_in_any_byte_is_passed_over_and_mended),
	    T(a_copy_cut_at_any_byte_is_passed_over),
	    T(a_missing_copy_is_made_again_at_the_next_unlock),
	    T(the_newer_copy_counts_and_the_older_follows),
	    T(a_copy_that_nobody_has_checked_mends_nothing),
	    T(a_newer_version_is_named_and_left_alone),
	    T(what_is_cut_flipped_or_longer_does_not_decode),
	    T(a_forger_who_mends_the_hash_is_still_refused_at_every_byte),
	    T(a_cost_below_the_floor_or_above_the_cap_is_refused_before_it_is_paid),
	    T(a_cost_that_was_changed_is_refused),
	    T(swapped_slots_are_refused),
	    T(another_devices_slots_are_refused),
	    T(without_memory_for_the_passphrase_there_is_a_message_and_nothing_weaker),
	    T(what_decodes_encodes_to_the_same_bytes));
}

int
main(void)
{
	fault f;
	int rc;

	if (mkdtemp(home) == NULL)
		strcpy(home, "/tmp/kit-keyfile-XXXXXX");
	if ((home[1] == 't' && mkdtemp(home) == NULL) ||
	    secret_start() != NULL)
		return 1;
	crypto_box_keypair(paper_pk, paper_sk);
	rc = run();
	f = file_remove_tree(home);
	return f == NULL ? rc : 1;
}
