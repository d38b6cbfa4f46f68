#include "tests/unit/test.h"

#include <unistd.h>

#include "fieldkit/alarms.h"

static char home[] = "/tmp/kit-alarms-XXXXXX";

/* One of this code, of commit seq. */
static void
raise_one(enum finding_code code, uint64_t seq)
{
	struct finding f = { .code = code, .seq = seq };
	struct findings fs = { &f, 1 };
	size_t fresh, added;

	assert_ok(alarms_raise(home, &fs, &fresh, &added));
}

static void
dismiss(uint64_t number)
{
	struct alarms as;
	struct alarm *a;

	assert_ok(alarms_read(&as, home));
	a = alarms_standing(&as, number);
	assert_non_null(a);
	a->dismissed = true;
	assert_ok(alarms_write(&as, home));
	alarms_free(&as);
}

/* The commit of the alarm of this number; 0: it does not stand. */
static uint64_t
commit_of(uint64_t number)
{
	struct alarms as;
	struct alarm *a;
	uint64_t seq;

	assert_ok(alarms_read(&as, home));
	a = alarms_standing(&as, number);
	seq = a == NULL ? 0 : a->finding.seq;
	alarms_free(&as);
	return seq;
}

static void
fresh(const char *text)
{
	char *path = path_join(home, "alarms");

	assert_ok(file_write(path, bytes_of(text), 0600));
	free(path);
}

TEST(an_alarm_keeps_its_number_when_others_go)
{
	fresh("");
	raise_one(FIND_GAP, 11);
	raise_one(FIND_GAP, 12);
	raise_one(FIND_GAP, 13);
	dismiss(2);
	assert_int_equal(commit_of(1), 11);
	assert_int_equal(commit_of(2), 0);
	assert_int_equal(commit_of(3), 13);
	dismiss(3);
	assert_int_equal(commit_of(1), 11);
}

TEST(no_number_is_given_twice)
{
	fresh("");
	raise_one(FIND_GAP, 11);
	dismiss(1);
	raise_one(FIND_GAP, 11);
	assert_int_equal(commit_of(1), 0);
	assert_int_equal(commit_of(2), 11);
}

TEST(alarms_from_before_there_were_numbers_get_them_in_order)
{
	fresh("{\"code\":\"gap\",\"seq\":11,\"dismissed\":true}\n"
	    "{\"code\":\"gap\",\"seq\":12}\n");
	assert_int_equal(commit_of(1), 0);
	assert_int_equal(commit_of(2), 12);
	raise_one(FIND_GAP, 13);
	assert_int_equal(commit_of(2), 12);
	assert_int_equal(commit_of(3), 13);
}

/* One of a code that only a newer version knows is not shown here. */
TEST(a_line_that_is_not_understood_moves_no_number)
{
	fresh("{\"number\":1,\"code\":\"of-a-newer-version\",\"seq\":11}\n"
	    "{\"number\":2,\"code\":\"gap\",\"seq\":12}\n");
	assert_int_equal(commit_of(2), 12);
	raise_one(FIND_GAP, 13);
	assert_int_equal(commit_of(2), 12);
	assert_int_equal(commit_of(3), 13);
}

int
main(void)
{
	int rc;

	if (mkdtemp(home) == NULL)
		return 1;
	rc = RUN(T(an_alarm_keeps_its_number_when_others_go),
	    T(no_number_is_given_twice),
	    T(alarms_from_before_there_were_numbers_get_them_in_order),
	    T(a_line_that_is_not_understood_moves_no_number));
	return file_remove_tree(home) == NULL ? rc : 1;
}
