#include "tests/unit/test.h"

#include <ctype.h>

#include "sync/base/id.h"
#include "sync/paper.h"

/*
 * Of the seed of 32 zeros, by Python's hashlib.blake2b and base64.b32encode
 * (mapped to Crockford's digits) from the words of WIRE.md, section 5.
 */
#define ORACLE_TEXT \
	"0000000-0000000-0000000-0000000-0000000-0000000-0000000-00A29N7"
static const uint8_t oracle_sign[32] = {
	0x48, 0xdd, 0xd1, 0x6f, 0x99, 0xf4, 0x5f, 0x62,
	0x13, 0xb1, 0xfc, 0xd4, 0x86, 0x03, 0xe8, 0x91,
	0xe7, 0x8b, 0xdb, 0x4b, 0x15, 0xb0, 0x6f, 0x65,
	0xcd, 0x97, 0xdf, 0x82, 0x32, 0x77, 0xd2, 0x40
};
static const uint8_t oracle_box[32] = {
	0x84, 0xeb, 0x94, 0xb7, 0x88, 0xb3, 0xfd, 0xc0,
	0x21, 0x33, 0x37, 0xbe, 0xf4, 0x03, 0x9a, 0x4f,
	0x5a, 0x98, 0x23, 0xbd, 0x32, 0x29, 0x37, 0x49,
	0x6a, 0xc3, 0x66, 0xce, 0xdc, 0xec, 0xc5, 0x1e
};

TEST(a_key_read_from_its_text_is_the_same_key)
{
	struct paper *a = secret_new(sizeof *a), *b = secret_new(sizeof *b);
	char text[PAPER_TEXT];

	paper_draw(a);
	paper_text(text, a);
	assert_int_equal(strlen(text), 56 + 7);
	assert_ok(paper_read(b, text));
	assert_memory_equal(a, b, sizeof *a);
	secret_free(a, sizeof *a);
	secret_free(b, sizeof *b);
}

TEST(two_keys_drawn_differ)
{
	struct paper a, b;

	paper_draw(&a);
	paper_draw(&b);
	assert_memory_not_equal(a.seed, b.seed, 32);
	assert_memory_not_equal(a.sign_sk, a.box_sk, 32);
}

TEST(the_zero_key_has_the_text_that_wire_md_gives)
{
	struct paper p;
	char text[PAPER_TEXT], want[PAPER_TEXT];

	snprintf(want, sizeof want, "%s", ORACLE_TEXT);
	assert_ok(paper_read(&p, want));
	for (int i = 0; i < 32; i++)
		assert_int_equal(p.seed[i], 0);
	paper_text(text, &p);
	assert_string_equal(text, want);
	assert_memory_equal(p.sign_sk, oracle_sign, 32);
	assert_memory_equal(p.box_sk, oracle_box, 32);
}

TEST(spaces_hyphens_case_and_look_alikes_are_forgiven)
{
	struct paper a, b;
	char text[PAPER_TEXT], odd[4 * PAPER_TEXT];
	size_t n = 0;

	paper_draw(&a);
	paper_text(text, &a);
	odd[n++] = ' ';
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] == '-')
			continue;
		odd[n++] = text[i] == '0' ? 'o' : text[i] == '1' ? 'l' :
		    (char)tolower((unsigned char)text[i]);
		odd[n++] = i % 2 ? ' ' : '-';
	}
	snprintf(odd + n, sizeof odd - n, "\r\n");
	assert_ok(paper_read(&b, odd));
	assert_memory_equal(&a, &b, sizeof a);
}

TEST(one_wrong_character_is_noticed)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	struct paper a, b;
	char text[PAPER_TEXT];
	int missed = 0;

	paper_draw(&a);
	paper_text(text, &a);
	for (size_t i = 0; text[i] != '\0'; i++) {
		char was = text[i];

		for (const char *d = digits; was != '-' && *d != '\0'; d++) {
			text[i] = *d;
			missed += *d != was && paper_read(&b, text) == NULL;
		}
		text[i] = was;
	}
	/* 1,736 tries against 24 bits: one in 9,600 runs may miss one. */
	assert_true(missed <= 1);
}

static bool
names_group(fault f, size_t group)
{
	char words[32];

	snprintf(words, sizeof words, "group %zu of 8", group);
	return f != NULL && strstr(f->text, words) != NULL;
}

TEST(one_wrong_character_is_named_by_its_group_of_seven)
{
	struct paper a, b;
	char text[PAPER_TEXT];
	int other = 0;

	paper_draw(&a);
	paper_text(text, &a);
	for (size_t i = 0; text[i] != '\0'; i++) {
		char was = text[i];

		if (was == '-')
			continue;
		text[i] = was == '7' ? '8' : '7';
		other += !names_group(paper_read(&b, text), i / 8 + 1);
		text[i] = 'U';	/* no key has that */
		assert_true(names_group(paper_read(&b, text), i / 8 + 1));
		text[i] = was;
	}
	/* 56 tries: by chance another group fits too, once in 170 runs. */
	assert_true(other <= 1);
}

TEST(a_mistake_that_cannot_be_placed_is_still_a_mistake)
{
	struct paper a, b;
	char text[PAPER_TEXT];

	paper_draw(&a);
	paper_text(text, &a);
	text[0] = text[0] == '7' ? '8' : '7';
	text[20] = text[20] == '7' ? '8' : '7';
	text[40] = text[40] == '7' ? '8' : '7';
	assert_fault(FAULT_INVALID, paper_read(&b, text));
}

TEST(a_text_of_another_length_is_refused)
{
	struct paper a, b;
	char text[PAPER_TEXT], more[PAPER_TEXT + 2];

	paper_draw(&a);
	paper_text(text, &a);
	snprintf(more, sizeof more, "%s0", text);
	assert_fault(FAULT_INVALID, paper_read(&b, more));
	for (size_t n = strlen(text); n-- > 0;) {
		text[n] = '\0';
		assert_fault(FAULT_INVALID, paper_read(&b, text));
	}
	assert_fault(FAULT_INVALID, paper_read(&b, "u"));
}

int
main(void)
{
	return RUN(
	    T(a_key_read_from_its_text_is_the_same_key),
	    T(two_keys_drawn_differ),
	    T(the_zero_key_has_the_text_that_wire_md_gives),
	    T(spaces_hyphens_case_and_look_alikes_are_forgiven),
	    T(one_wrong_character_is_noticed),
	    T(one_wrong_character_is_named_by_its_group_of_seven),
	    T(a_mistake_that_cannot_be_placed_is_still_a_mistake),
	    T(a_text_of_another_length_is_refused));
}
