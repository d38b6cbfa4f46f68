/*
 * wire -- the numbers of the format.  schema/WIRE.md is the text to them.
 */
#ifndef SCHEMA_WIRE_H
#define SCHEMA_WIRE_H

#define WIRE_FORMAT	0		/* stays 0 until a first release */

#define WIRE_ID_LEN	16
#define WIRE_HASH_LEN	32
#define WIRE_KEY_LEN	32
#define WIRE_SIG_LEN	64
#define WIRE_SEED_LEN	24
#define WIRE_TAG_LEN	16
#define WIRE_MAGIC_LEN	8		/* six letters, u16 version */

/* Bounds, compared before memory is asked for (bytes unless said). */
#define WIRE_COMMIT_MAX	8192u
#define WIRE_SEGMENT_MAX (1u << 20)
#define WIRE_SEGMENT_MIN 512u
#define WIRE_KEYRING_MAX (8u << 20)	/* a keyring's blob, and no other */
#define WIRE_CHANGE_MAX	(256u << 10)	/* a change in its stored form */
#define WIRE_VALUE_MAX	(128u << 10)	/* one value or set element */
#define WIRE_NAME_MAX	64u		/* type and field names */
#define WIRE_FIELDS_MAX	256u		/* fields in a change */
#define WIRE_DOTS_MAX	4096u		/* superseded dots of a field */
#define WIRE_ELEMS_MAX	1024u		/* elements added by one field */
#define WIRE_COUNTER_MAX 0xffffffffu	/* change counter */
#define WIRE_INDEX_MAX	0xffffffu	/* record counter: 24 tree levels */
#define WIRE_SEQ_MAX	0x7fffffffu
#define WIRE_SEQ_STEP	10000u		/* R9: new commits of a ref in one part */
#define WIRE_PARTS_MAX	100u		/* parts of a ref in one exchange */
#define WIRE_LINE_MAX	1000000u	/* new commits of a ref, looked through */
#define WIRE_REFS_MAX	512u
#define WIRE_FETCH_MAX	(64u << 20)	/* per record ref and part */
#define WIRE_PARENTS_MAX 9u		/* main: previous main + 8 devices */
#define WIRE_ROSTER_MAX	(1u << 20)	/* a roster entry */
#define WIRE_MEMBERS_MAX 256u
#define WIRE_INVITE_MAX	(8u << 20)	/* an invitation file */
#define WIRE_RECEIPTS_MAX 256u

#define WIRE_TIME_BASE	1577836800	/* commit date = base + generation */

enum compartment {
	COMP_LEDGER = 0,
	COMP_TEAM = 1,
	COMP_IDENTITY = 2,
	COMP_RESTRICTED = 3,
	COMP_COUNT = 4
};

enum kind {
	KIND_VALUE = 0,
	KIND_SET = 1
};

/* What a member may do; the clear half of a role. */
#define CAP_WRITE	1u
#define CAP_COORDINATE	2u

enum role {
	ROLE_COORDINATOR = 1,
	ROLE_WORKER = 2,
	ROLE_ANALYST = 3,
	ROLE_AUDITOR = 4
};

#endif
