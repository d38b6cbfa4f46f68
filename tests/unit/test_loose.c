#include "tests/unit/test.h"

#include <zlib.h>

#include "sync/loose.h"
#include "sync/base/id.h"
#include "tests/unit/scratch.h"

static struct gitdir dir;

/* Put these bytes, deflated, where the object 11.. stands. */
static void
plant(const void *raw, size_t len, int level)
{
	struct buf z = BUF_EMPTY;
	uLongf room = compressBound(len);
	char *path = at("r/objects/11/11111111111111111111111111111111111111");
	char *fan = at("r/objects/11");

	assert_ok(file_mkdir(fan, 0700));
	free(fan);
	assert_int_equal(compress2(buf_room(&z, room), &room, raw, len, level),
	    Z_OK);
	z.len = room;
	assert_ok(file_write(path, buf_view(&z), 0600));
	buf_free(&z);
	free(path);
}

static const struct oid ones = { { 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
    0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
    0x11 } };

TEST(any_length_comes_back_as_git_reads_it)
{
	static const size_t sizes[] = { 0, 1, 22, 23, 24, 25, 26, 31, 32, 33,
	    65535, 65536, 1000000 };
	uint8_t *data = mem_new(1000000);
	struct buf b = BUF_EMPTY;
	enum object_type type;
	struct oid oid;
	size_t len;
	char out[256], *file = at("file");

	random_fill(data, 1000000);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct bytes all = { data, sizes[i] };

		assert_ok(file_write(file, all, 0600));
		assert_int_equal(run(out, "git hash-object file"), 0);
		assert_true(hex_parse(oid.b, OID_LEN, bytes_of(out)));
		assert_false(loose_has(&dir, &oid));
		assert_ok(loose_write(&dir, &oid, OBJECT_BLOB, all));
		assert_true(loose_has(&dir, &oid));
		assert_ok(loose_head(&type, &len, &dir, &oid));
		assert_int_equal(type, OBJECT_BLOB);
		assert_int_equal(len, sizes[i]);
		buf_clear(&b);
		assert_ok(loose_read(&b, &type, &dir, &oid, sizes[i]));
		assert_true(bytes_eq(buf_view(&b), all));
		if (sizes[i] > 0)
			assert_fault(FAULT_FORMAT, loose_read(&b, &type, &dir,
			    &oid, sizes[i] - 1));
		assert_int_equal(run(out, "git --git-dir=r cat-file blob %s | "
		    "cmp - file", out), 0);
	}
	assert_int_equal(run(out, "git --git-dir=r fsck --full"), 0);
	buf_free(&b);
	free(data);
	free(file);
}

/* libgit2 turned for ever on such a file. */
TEST(an_object_cut_anywhere_or_with_more_behind_it_is_damaged)
{
	uint8_t raw[300] = "blob 290";
	char *path = at("r/objects/11/11111111111111111111111111111111111111");
	struct buf file = BUF_EMPTY, b = BUF_EMPTY;
	enum object_type type;

	random_fill(raw + 9, 290);
	for (int level = 0; level <= 9; level += 9) {
		plant(raw, 299, level);
		buf_clear(&file);
		assert_ok(file_read(&file, path, 1000));
		assert_ok(loose_read(&b, &type, &dir, &ones, 1000));
		for (size_t n = 0; n < file.len; n++) {
			assert_ok(file_write(path, (struct bytes){ file.at, n },
			    0600));
			assert_fault(FAULT_FORMAT,
			    loose_read(&b, &type, &dir, &ones, 1000));
		}
		buf_add(&file, "x", 1);
		assert_ok(file_write(path, buf_view(&file), 0600));
		assert_fault(FAULT_FORMAT,
		    loose_read(&b, &type, &dir, &ones, 1000));
	}
	assert_int_equal(b.len, 2 * 290);
	buf_free(&file);
	buf_free(&b);
	free(path);
}

TEST(a_head_of_any_other_form_is_damage)
{
	static const struct {
		const char *raw;
		size_t len;
	} bad[] = { { "", 0 }, { "blob 1", 6 }, { "blob 1\0", 7 },
	    { "blob 1\0ab", 9 }, { "blob 01\0a", 9 }, { "blob -1\0a", 9 },
	    { "blob +1\0a", 9 }, { "blob  1\0a", 9 }, { "blob 1 \0a", 9 },
	    { "blob \0a", 7 }, { "blob\0a", 6 }, { "tag 1\0a", 7 },
	    { "Blob 1\0a", 8 }, { "blob 99999999999999999999\0a", 27 },
	    { "blob 00000000000000000000000000001\0a", 36 } };
	struct buf b = BUF_EMPTY;
	enum object_type type;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		plant(bad[i].raw, bad[i].len, 9);
		assert_fault(FAULT_FORMAT,
		    loose_read(&b, &type, &dir, &ones, 1000));
	}
	plant("tree 1\0a", 8, 9);
	assert_ok(loose_read(&b, &type, &dir, &ones, 1000));
	assert_int_equal(type, OBJECT_TREE);
	buf_free(&b);
}

TEST(a_bomb_is_refused_by_its_length_and_by_what_it_holds)
{
	size_t len = 50 << 20;
	uint8_t *zeros = mem_new(len);
	struct buf b = BUF_EMPTY;
	enum object_type type;
	size_t claimed;

	strcpy((char *)zeros, "blob 52428790");
	plant(zeros, len, 9);
	assert_ok(loose_head(&type, &claimed, &dir, &ones));
	assert_int_equal(claimed, 52428790);
	assert_fault(FAULT_FORMAT, loose_read(&b, &type, &dir, &ones, 1 << 20));
	strcpy((char *)zeros, "blob 1000");
	plant(zeros, len, 9);
	assert_fault(FAULT_FORMAT, loose_read(&b, &type, &dir, &ones, 1 << 20));
	assert_true(b.room < 1 << 20);
	buf_free(&b);
	free(zeros);
}

TEST(one_that_is_not_there_is_absent)
{
	struct oid none = { { 0x22 } };
	struct buf b = BUF_EMPTY;
	enum object_type type;
	size_t len;

	assert_fault(FAULT_ABSENT, loose_head(&type, &len, &dir, &none));
	assert_fault(FAULT_ABSENT, loose_read(&b, &type, &dir, &none, 9));
	buf_free(&b);
}

int
main(void)
{
	char *path;
	int failed;

	if (!scratch_make())
		return 1;
	path = at("r");
	if (gitdir_make(path, 0700, FAULT_FAIL) != NULL ||
	    gitdir_open(&dir, path, FAULT_FAIL) != NULL)
		return 1;
	failed = RUN(
	    T(any_length_comes_back_as_git_reads_it),
	    T(one_that_is_not_there_is_absent),
	    T(an_object_cut_anywhere_or_with_more_behind_it_is_damaged),
	    T(a_head_of_any_other_form_is_damage),
	    T(a_bomb_is_refused_by_its_length_and_by_what_it_holds));
	gitdir_close(&dir);
	free(path);
	return scratch_remove() ? failed : failed + 1;
}
