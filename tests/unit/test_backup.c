#include "fieldkit/backup.h"
#include "tests/unit/scratch.h"

#include <fcntl.h>
#include <unistd.h>

#include <sodium.h>

#define PASS bytes_of("zes woorden die niemand raadt")
#define CHUNK (65536u + 17)	/* in the file */

static const struct id device = { "device number 1" };
static uint8_t *master;
static struct keyfile keyfile;

static char *
at_path(const char *name)
{
	static char path[2][128];
	static int turn;

	turn ^= 1;
	snprintf(path[turn], sizeof path[turn], "%s/%s", scratch, name);
	return path[turn];
}

/* Parts of these sizes, each byte its place in the part. */
static struct hash
write_parts(const char *path, const size_t *sizes, size_t n)
{
	struct backup *b;
	struct hash sum;

	assert_ok(backup_begin(&b, path, buf_view(&keyfile.raw), master));
	for (size_t i = 0; i < n; i++) {
		uint8_t *p = mem_new(sizes[i]);
		char name[64];

		for (size_t k = 0; k < sizes[i]; k++)
			p[k] = (uint8_t)(k * 7 + i);
		snprintf(name, sizeof name, "repo.git/refs/heads/%zu", i);
		assert_ok(backup_part(b, name, sizes[i]));
		assert_ok(backup_put(b, (struct bytes){ p, sizes[i] / 2 }));
		assert_ok(backup_put(b, (struct bytes){ p + sizes[i] / 2,
		    sizes[i] - sizes[i] / 2 }));
		free(p);
	}
	assert_ok(backup_end(b));
	sum = backup_sum(b);
	backup_close(b);
	return sum;
}

/* All of it to its end; the fault of whatever refused first. */
static fault
read_parts(const char *path, const uint8_t *key, struct hash *sum, size_t *n)
{
	struct backup *b = NULL;
	char name[BACKUP_NAME];
	uint8_t piece[1000];
	uint64_t size;
	size_t got;
	fault f;

	*n = 0;
	if ((f = backup_open(&b, path)) != NULL ||
	    (f = backup_key(b, key)) != NULL)
		goto done;
	while ((f = backup_next(b, name, &size)) == NULL && name[0] != '\0') {
		size_t k = 0, bad = 0;

		do {
			if ((f = backup_get(b, piece, sizeof piece, &got)) !=
			    NULL)
				goto done;
			for (size_t i = 0; i < got; i++, k++)
				bad += piece[i] != (uint8_t)(k * 7 + *n);
		} while (got > 0);
		assert_int_equal(bad, 0);
		assert_int_equal(k, size);
		++*n;
	}
	if (f == NULL)
		*sum = backup_sum(b);
done:
	backup_close(b);
	return f;
}

static fault
try_bytes(struct bytes all)
{
	char *path = at_path("tried");
	struct hash sum;
	size_t n;

	assert_ok(file_write(path, all, 0600));
	return read_parts(path, master, &sum, &n);
}

static struct buf
slurp(const char *path)
{
	struct buf b = BUF_EMPTY;

	assert_ok(file_read(&b, path, 1u << 20));
	return b;
}

TEST(what_was_put_in_comes_out)
{
	static const size_t sizes[] = { 0, 1, 3000, 65536, 65536 - 31, 200000,
	    65535, 0, 5 };
	char *path = at_path("whole");
	struct hash sum = write_parts(path, sizes, 9), again;
	size_t n;

	assert_ok(read_parts(path, master, &again, &n));
	assert_int_equal(n, 9);
	assert_true(hash_eq(&sum, &again));
}

/* Head and end of a part have 31 and 5 bytes. */
TEST(every_length_of_the_last_chunk_is_read_back)
{
	for (size_t len = 65536 - 120; len < 65536 + 20; len++) {
		char *path = at_path("edge");
		struct hash sum = write_parts(path, &len, 1), again;
		size_t n;

		assert_ok(read_parts(path, master, &again, &n));
		assert_true(hash_eq(&sum, &again));
	}
}

TEST(a_part_that_is_passed_over_is_still_checked)
{
	static const size_t sizes[] = { 100000, 10 };
	char *path = at_path("over"), name[BACKUP_NAME];
	struct hash sum = write_parts(path, sizes, 2), again;
	struct backup *b;
	uint64_t size;

	assert_ok(backup_open(&b, path));
	assert_ok(backup_key(b, master));
	for (int i = 0; i < 3; i++)
		assert_ok(backup_next(b, name, &size));
	assert_string_equal(name, "");
	again = backup_sum(b);
	assert_true(hash_eq(&sum, &again));
	backup_close(b);
}

TEST(nothing_of_the_text_can_be_seen)
{
	static const char word[] = "repo.git/refs";
	size_t len = 4000;
	struct buf b;

	write_parts(at_path("seen"), &len, 1);
	b = slurp(at_path("seen"));
	assert_null(memmem(b.at, b.len, word, strlen(word)));
	buf_free(&b);
}

TEST(a_file_that_is_changed_in_any_byte_is_refused)
{
	size_t len = 300;
	struct buf b;

	write_parts(at_path("flip"), &len, 1);
	b = slurp(at_path("flip"));
	for (size_t i = 0; i < b.len; i++) {
		uint8_t bit = (uint8_t)(1u << i * 5 % 8);

		b.at[i] ^= bit;
		assert_non_null(try_bytes(buf_view(&b)));
		b.at[i] ^= bit;
	}
	assert_ok(try_bytes(buf_view(&b)));
	buf_free(&b);
}

TEST(a_file_that_is_cut_at_any_byte_or_longer_is_refused)
{
	size_t len = 300;
	struct buf b;

	write_parts(at_path("cut"), &len, 1);
	b = slurp(at_path("cut"));
	for (size_t n = 0; n < b.len; n++)
		assert_non_null(try_bytes((struct bytes){ b.at, n }));
	buf_add(&b, "", 1);
	assert_fault(FAULT_TRUST, try_bytes(buf_view(&b)));
	buf_free(&b);
}

TEST(chunks_that_are_cut_off_swapped_or_doubled_are_refused)
{
	size_t len = 3 * 65536, head;
	struct buf b, c = BUF_EMPTY;

	write_parts(at_path("chunks"), &len, 1);
	b = slurp(at_path("chunks"));
	head = 12 + keyfile.raw.len + 24;
	assert_true(b.len > head + 3 * CHUNK);
	/* Cut behind a chunk that was not the last. */
	assert_fault(FAULT_TRUST, try_bytes((struct bytes){ b.at,
	    head + CHUNK }));
	assert_fault(FAULT_TRUST, try_bytes((struct bytes){ b.at,
	    head + 3 * CHUNK }));
	/* The second before the first. */
	buf_add(&c, b.at, head);
	buf_add(&c, b.at + head + CHUNK, CHUNK);
	buf_add(&c, b.at + head, CHUNK);
	buf_add(&c, b.at + head + 2 * CHUNK, b.len - head - 2 * CHUNK);
	assert_fault(FAULT_TRUST, try_bytes(buf_view(&c)));
	/* The first twice. */
	buf_clear(&c);
	buf_add(&c, b.at, head + CHUNK);
	buf_add(&c, b.at + head, b.len - head);
	assert_fault(FAULT_TRUST, try_bytes(buf_view(&c)));
	buf_free(&b);
	buf_free(&c);
}

TEST(another_devices_key_opens_nothing)
{
	uint8_t other[MASTER_LEN] = { 1 };
	struct hash sum;
	size_t len = 5, n;

	write_parts(at_path("other"), &len, 1);
	assert_fault(FAULT_TRUST, read_parts(at_path("other"), other, &sum,
	    &n));
	assert_int_equal(n, 0);
}

TEST(two_backups_of_one_state_have_nothing_in_common_but_the_head)
{
	size_t len = 2000, at = 12 + keyfile.raw.len, same = 0;
	struct buf a, b;

	write_parts(at_path("first"), &len, 1);
	write_parts(at_path("second"), &len, 1);
	a = slurp(at_path("first"));
	b = slurp(at_path("second"));
	assert_int_equal(a.len, b.len);
	for (size_t i = at; i + 8 <= a.len; i++)
		same += memcmp(a.at + i, b.at + i, 8) == 0;
	assert_int_equal(same, 0);
	buf_free(&a);
	buf_free(&b);
}

TEST(what_is_no_backup_or_a_newer_one_is_named)
{
	struct backup *b = NULL;
	size_t len = 5;
	struct buf all;

	assert_ok(file_write(at_path("text"), bytes_of("a shopping list"),
	    0600));
	assert_fault(FAULT_FORMAT, backup_open(&b, at_path("text")));
	assert_fault(FAULT_FORMAT, backup_open(&b, scratch));
	assert_fault(FAULT_ABSENT, backup_open(&b, at_path("nothing")));
	write_parts(at_path("new"), &len, 1);
	all = slurp(at_path("new"));
	all.at[6] = 1;
	assert_fault(FAULT_INVALID, try_bytes(buf_view(&all)));
	/* A keyfile of 4 GiB is not asked for. */
	all.at[6] = 0;
	memset(all.at + 8, 0xff, 4);
	assert_fault(FAULT_TRUST, try_bytes(buf_view(&all)));
	buf_free(&all);
}

TEST(only_what_a_home_is_made_of_has_a_place)
{
	static const char *const good[] = { "kit.conf", "hubs", "device.db",
	    "alarms", "last-sync", "repo.git/packed-refs",
	    "repo.git/refs/heads/roster", "repo.git/objects/04/ab",
	    "repo.git/objects/pack/pack-1.idx" };
	static const char *const bad[] = { "", "keyfile.a", "lock", "/etc/x",
	    "kit.conf/", "repo.git/config", "repo.git/HEAD",
	    "repo.git/hooks/post-update", "repo.git/refs/../config",
	    "repo.git/refs/", "repo.git/refs//x", "repo.git/objects/.x",
	    "repo.git/refs/a b", "../kit.conf", "repo.git/refs/a\nb" };
	char longest[BACKUP_NAME + 1];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(backup_name_ok(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(backup_name_ok(bad[i]));
	memset(longest, 'a', sizeof longest);
	memcpy(longest, "repo.git/refs/", 14);
	longest[BACKUP_NAME] = '\0';
	assert_false(backup_name_ok(longest));
	longest[BACKUP_NAME - 1] = '\0';
	assert_true(backup_name_ok(longest));
}

TEST(a_part_that_grows_or_shrinks_meanwhile_makes_no_backup)
{
	struct backup *b;

	assert_ok(backup_begin(&b, at_path("grown"), buf_view(&keyfile.raw),
	    master));
	assert_ok(backup_part(b, "hubs", 3));
	assert_fault(FAULT_FAIL, backup_put(b, bytes_of("four")));
	assert_fault(FAULT_FAIL, backup_end(b));
	backup_close(b);
	assert_ok(backup_begin(&b, at_path("shrunk"), buf_view(&keyfile.raw),
	    master));
	assert_ok(backup_part(b, "hubs", 3));
	assert_ok(backup_put(b, bytes_of("ab")));
	assert_fault(FAULT_FAIL, backup_part(b, "alarms", 1));
	assert_fault(FAULT_FAIL, backup_end(b));
	backup_close(b);
}

int
main(void)
{
	uint8_t pk[32], sk[32];
	int rc;

	if (!scratch_make() || secret_start() != NULL)
		return 1;
	crypto_box_keypair(pk, sk);
	if (keyfile_create(scratch, &device, true, PASS, pk, &master) != NULL ||
	    keyfile_read(&keyfile, scratch) != NULL)
		return 1;
	rc = RUN(T(what_was_put_in_comes_out),
	    T(every_length_of_the_last_chunk_is_read_back),
	    T(a_part_that_is_passed_over_is_still_checked),
	    T(nothing_of_the_text_can_be_seen),
	    T(a_file_that_is_changed_in_any_byte_is_refused),
	    T(a_file_that_is_cut_at_any_byte_or_longer_is_refused),
	    T(chunks_that_are_cut_off_swapped_or_doubled_are_refused),
	    T(another_devices_key_opens_nothing),
	    T(two_backups_of_one_state_have_nothing_in_common_but_the_head),
	    T(what_is_no_backup_or_a_newer_one_is_named),
	    T(only_what_a_home_is_made_of_has_a_place),
	    T(a_part_that_grows_or_shrinks_meanwhile_makes_no_backup));
	secret_free(master, MASTER_LEN);
	keyfile_free(&keyfile);
	return scratch_remove() ? rc : 1;
}
