#include "tests/unit/store_kit.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "fieldkit/doctor.h"

/* A store with some of everything: edits, a conflict, a withdrawal. */
static void
some_store(struct kit *k)
{
	struct id self = kit_id(1), other = kit_id(2), id;
	struct change c;
	struct dot dot;

	kit_new(k, &self);
	id = kit_note(k, "vuurwerk op het plein", &dot);
	kit_edit(k, &id, &dot, "narrative", "knallen op het plein");
	c = kit_change(&other, 1, &id, &self, 1);
	change_add_sup(kit_set(&c, "narrative", "rook"), &dot, BYTES_EMPTY);
	kit_put(k, &c);
	id = kit_note(k, "muziek", &dot);
	c = kit_change(&self, 0, &id, &self, 2);
	change_add_sup(kit_set(&c, FIELD_WITHDRAWN, "1"), &dot, BYTES_EMPTY);
	kit_put(k, &c);
	kit_note(k, "voetbal", NULL);
	assert_ok(store_carried(&k->st, &self, 1, 1, 3));
	assert_ok(store_carried(&k->st, &other, 1, 1, 1));
	assert_ok(search_update(&k->st));
}

static size_t
findings(struct kit *k, const char *word)
{
	struct doctor d;
	size_t n;

	assert_ok(doctor_check(&d, &k->st));
	n = d.n;
	for (size_t i = 0; i < n; i++)
		if (strstr(d.lines[i], word) == NULL)
			fail_msg("not about '%s': %s", word, d.lines[i]);
	doctor_free(&d);
	return n;
}

TEST(a_whole_store_has_no_findings)
{
	struct id self = kit_id(1);
	struct kit k;

	kit_new(&k, &self);
	assert_int_equal(findings(&k, "none"), 0);
	kit_free(&k);
	some_store(&k);
	assert_int_equal(findings(&k, "none"), 0);
	kit_free(&k);
}

TEST(a_row_that_its_changes_do_not_make_is_found_and_mended)
{
	static const char *const harm[] = {
		"UPDATE record SET conflicts = conflicts + 1 WHERE idx = 1",
		"UPDATE record SET newest = 5 WHERE idx = 2",
		"UPDATE record SET type = x'00' WHERE idx = 3",
		"UPDATE record SET idx = 9 WHERE idx = 3",
		"UPDATE record SET withdrawn = 1 - withdrawn WHERE idx = 2",
		"UPDATE record SET nchanges = 0 WHERE idx = 2",
		"UPDATE record SET creator = 2 WHERE idx = 2",
		"UPDATE record SET id = zeroblob(16) WHERE idx = 2",
		"DELETE FROM record WHERE idx = 1",
	};
	struct buf good = BUF_EMPTY, now = BUF_EMPTY;
	struct hash digest;
	struct kit k;

	some_store(&k);
	kit_rows(&k, &good);
	digest = kit_digest(&k);
	for (size_t i = 0; i < sizeof harm / sizeof *harm; i++) {
		struct doctor d;

		assert_ok(db_exec(k.db, harm[i]));
		assert_ok(doctor_check(&d, &k.st));
		assert_true(d.n > 0);
		doctor_free(&d);
		assert_ok(doctor_rebuild(&k.st));
		kit_rows(&k, &now);
		assert_string_equal(buf_cstr(&good), buf_cstr(&now));
		assert_int_equal(findings(&k, "none"), 0);
		assert_memory_equal(digest.b, kit_digest(&k).b, 32);
	}
	buf_free(&good);
	buf_free(&now);
	kit_free(&k);
}

TEST(a_change_that_does_not_decode_is_found_and_not_rebuilt_over)
{
	struct buf before = BUF_EMPTY, after = BUF_EMPTY;
	struct kit k;

	some_store(&k);
	assert_ok(db_exec(k.db, "UPDATE change SET "
	    "body = substr(body, 1, length(body) - 1) WHERE pos = 4"));
	assert_true(findings(&k, "") >= 2);
	kit_rows(&k, &before);
	assert_fault(FAULT_TRUST, doctor_rebuild(&k.st));
	kit_rows(&k, &after);
	assert_string_equal(buf_cstr(&before), buf_cstr(&after));
	buf_free(&before);
	buf_free(&after);
	kit_free(&k);
}

TEST(a_change_under_another_name_is_found)
{
	struct kit k;

	some_store(&k);
	assert_ok(db_exec(k.db, "UPDATE change SET n = 77 "
	    "WHERE pos = 3"));
	assert_int_equal(findings(&k, "another name"), 1);
	kit_free(&k);
	some_store(&k);
	assert_ok(db_exec(k.db, "UPDATE change SET device = 99 "
	    "WHERE pos = 3"));
	assert_int_equal(findings(&k, "another name"), 1);
	kit_free(&k);
}

TEST(a_missing_change_of_this_device_is_found)
{
	struct kit k;

	some_store(&k);
	assert_ok(db_exec(k.db, "DELETE FROM change WHERE pos = 2"));
	assert_ok(doctor_rebuild(&k.st));
	assert_int_equal(findings(&k, "1 changes of this device"), 1);
	kit_free(&k);
}

TEST(positions_that_make_no_sense_are_found)
{
	static const struct {
		const char	*harm, *word;
	} cases[] = {
		{ "INSERT INTO carried VALUES(2, 9, 8, 1)", "no sense" },
		{ "INSERT INTO carried VALUES(7, 1, 1, 1)", "no sense" },
		{ "INSERT INTO carried VALUES(1, 90, 91, 2)", "not here" },
		{ "INSERT INTO carried VALUES(1, 3, 4, 2)", "two commits" },
	};
	struct kit k;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		some_store(&k);
		assert_ok(db_exec(k.db, cases[i].harm));
		assert_int_equal(findings(&k, cases[i].word), 1);
		kit_free(&k);
	}
}

TEST(an_index_that_misses_a_record_is_found_and_mended)
{
	struct search_result h;
	struct kit k;

	some_store(&k);
	assert_ok(db_exec(k.db, "DELETE FROM doc WHERE doc < 4"));
	assert_int_equal(findings(&k, "index"), 1);
	assert_ok(doctor_rebuild(&k.st));
	assert_int_equal(findings(&k, "none"), 0);
	assert_ok(search(&k.st, "knallen", 0, &h));
	assert_int_equal(h.n, 1);
	search_free(&h);
	kit_free(&k);
}

/* One bit of a page in the middle of the file. */
static void
flip(const char *path)
{
	struct stat st;
	uint8_t b;
	int fd = open(path, O_RDWR);
	off_t at;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	at = st.st_size / 4096 / 2 * 4096 + 1000;
	assert_int_equal(pread(fd, &b, 1, at), 1);
	b ^= 4;
	assert_int_equal(pwrite(fd, &b, 1, at), 1);
	close(fd);
}

TEST(a_flipped_bit_in_the_file_is_found)
{
	struct doctor d = { NULL, 0 };
	struct kit k;
	fault f;

	some_store(&k);
	kit_close(&k);
	flip(k.path);
	kit_open(&k);
	f = doctor_check(&d, &k.st);
	assert_true(f == NULL ? d.n > 0 : f->code == FAULT_TRUST);
	doctor_free(&d);
	kit_free(&k);
}

int
main(void)
{
	return RUN(
	    T(a_whole_store_has_no_findings),
	    T(a_row_that_its_changes_do_not_make_is_found_and_mended),
	    T(a_change_that_does_not_decode_is_found_and_not_rebuilt_over),
	    T(a_change_under_another_name_is_found),
	    T(a_missing_change_of_this_device_is_found),
	    T(positions_that_make_no_sense_are_found),
	    T(an_index_that_misses_a_record_is_found_and_mended),
	    T(a_flipped_bit_in_the_file_is_found));
}
