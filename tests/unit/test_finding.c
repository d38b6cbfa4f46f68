#include "tests/unit/test.h"

#include "sync/finding.h"

/* The command line's contract, in its order. */
static const char *const contract[] = {
	"hostile-hub", "oversized", "foreign-path", "wrong-project", "corrupt",
	"not-a-member", "bad-signature", "replayed", "fork", "gap",
	"after-cut", "rollback", "withheld", "clone", "clock", "stale"
};

TEST(the_codes_are_those_of_the_contract_in_its_order)
{
	enum finding_code c;

	assert_int_equal(FIND_COUNT, sizeof contract / sizeof *contract);
	for (int i = 0; i < FIND_COUNT; i++) {
		assert_string_equal(finding_name((enum finding_code)i),
		    contract[i]);
		assert_true(finding_parse(&c, contract[i]));
		assert_int_equal(c, i);
	}
}

TEST(an_unknown_code_is_refused)
{
	enum finding_code c;

	assert_false(finding_parse(&c, ""));
	assert_false(finding_parse(&c, "forks"));
	assert_false(finding_parse(&c, "Fork"));
}

TEST(the_same_finding_is_kept_once_whatever_its_text)
{
	struct findings fs = FINDINGS_EMPTY;
	struct finding f = { .code = FIND_FORK, .hub = "/mnt/stick",
	    .ref = "refs/heads/main", .seq = 3, .text = "first" };

	findings_add(&fs, &f);
	snprintf(f.text, sizeof f.text, "second");
	findings_add(&fs, &f);
	assert_int_equal(fs.n, 1);
	assert_string_equal(fs.at[0].text, "first");
	findings_free(&fs);
	assert_int_equal(fs.n, 0);
}

TEST(a_finding_of_another_code_hub_ref_device_or_seq_is_another)
{
	struct findings fs = FINDINGS_EMPTY;
	struct finding f = { .code = FIND_FORK, .seq = 3 };

	findings_add(&fs, &f);
	f.code = FIND_GAP;
	findings_add(&fs, &f);
	snprintf(f.hub, sizeof f.hub, "x");
	findings_add(&fs, &f);
	snprintf(f.ref, sizeof f.ref, "x");
	findings_add(&fs, &f);
	f.device.b[15] = 1;
	findings_add(&fs, &f);
	f.seq = 4;
	findings_add(&fs, &f);
	assert_int_equal(fs.n, 6);
	findings_free(&fs);
}

TEST(a_list_can_be_added_to_from_itself)
{
	struct findings fs = FINDINGS_EMPTY;
	struct finding f = { .code = FIND_FORK };

	for (int i = 0; i < 100; i++) {
		f.seq = (uint64_t)i;
		findings_add(&fs, &f);
		findings_add(&fs, &fs.at[0]);
	}
	assert_int_equal(fs.n, 100);
	findings_free(&fs);
}

int
main(void)
{
	return RUN(
	    T(the_codes_are_those_of_the_contract_in_its_order),
	    T(an_unknown_code_is_refused),
	    T(the_same_finding_is_kept_once_whatever_its_text),
	    T(a_finding_of_another_code_hub_ref_device_or_seq_is_another),
	    T(a_list_can_be_added_to_from_itself));
}
