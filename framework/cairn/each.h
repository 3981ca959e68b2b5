/* each.h - the part of the declarations that repeats a macro for each item of a list.
 *
 * CAIRN_EACH_(macro, context, skipped, a, b, c) becomes macro(context, a) macro(context, b)
 * macro(context, c), for up to 64 items. The skipped argument lets a list be empty: ISO C wants at
 * least one argument for "...". The preprocessor has no recursion, hence one macro a length. */
#ifndef CAIRN_EACH_H
#define CAIRN_EACH_H

/* The first of some arguments. Called with a trailing comma: CAIRN_FIRST_(a, ) is a. */
#define CAIRN_FIRST_(first, ...) first

#define CAIRN_JOIN_(a, b) CAIRN_JOINED_(a, b)
#define CAIRN_JOINED_(a, b) a##b

/* Calls a macro with arguments that are in brackets already: CAIRN_CALL_(macro, (a, b)). */
#define CAIRN_CALL_(macro, arguments) macro arguments

/* clang-format off */
#define CAIRN_PICK_(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, \
    a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, \
    a34, a35, a36, a37, a38, a39, a40, a41, a42, a43, a44, a45, a46, a47, a48, a49, a50, a51, \
    a52, a53, a54, a55, a56, a57, a58, a59, a60, a61, a62, a63, a64, picked, ...) picked
/* How many arguments there are after the first, as a number; and 0 or 1: whether there are any. */
#define CAIRN_COUNT_(...) CAIRN_PICK_(__VA_ARGS__, 64, 63, 62, 61, 60, 59, 58, 57, 56, 55, \
    54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, \
    32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, \
    10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, )
#define CAIRN_ANY_ITEMS_(...) CAIRN_PICK_(__VA_ARGS__, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, \
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, \
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, )
#define CAIRN_EACH_(m, c, ...) \
    CAIRN_JOIN_(CAIRN_EACH_, CAIRN_COUNT_(__VA_ARGS__))(m, c, __VA_ARGS__)
#define CAIRN_EACH_0(m, c, z)
#define CAIRN_EACH_1(m, c, z, a) m(c, a)
#define CAIRN_EACH_2(m, c, z, a, ...) m(c, a) CAIRN_EACH_1(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_3(m, c, z, a, ...) m(c, a) CAIRN_EACH_2(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_4(m, c, z, a, ...) m(c, a) CAIRN_EACH_3(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_5(m, c, z, a, ...) m(c, a) CAIRN_EACH_4(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_6(m, c, z, a, ...) m(c, a) CAIRN_EACH_5(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_7(m, c, z, a, ...) m(c, a) CAIRN_EACH_6(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_8(m, c, z, a, ...) m(c, a) CAIRN_EACH_7(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_9(m, c, z, a, ...) m(c, a) CAIRN_EACH_8(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_10(m, c, z, a, ...) m(c, a) CAIRN_EACH_9(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_11(m, c, z, a, ...) m(c, a) CAIRN_EACH_10(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_12(m, c, z, a, ...) m(c, a) CAIRN_EACH_11(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_13(m, c, z, a, ...) m(c, a) CAIRN_EACH_12(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_14(m, c, z, a, ...) m(c, a) CAIRN_EACH_13(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_15(m, c, z, a, ...) m(c, a) CAIRN_EACH_14(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_16(m, c, z, a, ...) m(c, a) CAIRN_EACH_15(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_17(m, c, z, a, ...) m(c, a) CAIRN_EACH_16(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_18(m, c, z, a, ...) m(c, a) CAIRN_EACH_17(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_19(m, c, z, a, ...) m(c, a) CAIRN_EACH_18(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_20(m, c, z, a, ...) m(c, a) CAIRN_EACH_19(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_21(m, c, z, a, ...) m(c, a) CAIRN_EACH_20(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_22(m, c, z, a, ...) m(c, a) CAIRN_EACH_21(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_23(m, c, z, a, ...) m(c, a) CAIRN_EACH_22(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_24(m, c, z, a, ...) m(c, a) CAIRN_EACH_23(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_25(m, c, z, a, ...) m(c, a) CAIRN_EACH_24(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_26(m, c, z, a, ...) m(c, a) CAIRN_EACH_25(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_27(m, c, z, a, ...) m(c, a) CAIRN_EACH_26(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_28(m, c, z, a, ...) m(c, a) CAIRN_EACH_27(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_29(m, c, z, a, ...) m(c, a) CAIRN_EACH_28(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_30(m, c, z, a, ...) m(c, a) CAIRN_EACH_29(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_31(m, c, z, a, ...) m(c, a) CAIRN_EACH_30(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_32(m, c, z, a, ...) m(c, a) CAIRN_EACH_31(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_33(m, c, z, a, ...) m(c, a) CAIRN_EACH_32(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_34(m, c, z, a, ...) m(c, a) CAIRN_EACH_33(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_35(m, c, z, a, ...) m(c, a) CAIRN_EACH_34(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_36(m, c, z, a, ...) m(c, a) CAIRN_EACH_35(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_37(m, c, z, a, ...) m(c, a) CAIRN_EACH_36(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_38(m, c, z, a, ...) m(c, a) CAIRN_EACH_37(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_39(m, c, z, a, ...) m(c, a) CAIRN_EACH_38(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_40(m, c, z, a, ...) m(c, a) CAIRN_EACH_39(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_41(m, c, z, a, ...) m(c, a) CAIRN_EACH_40(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_42(m, c, z, a, ...) m(c, a) CAIRN_EACH_41(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_43(m, c, z, a, ...) m(c, a) CAIRN_EACH_42(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_44(m, c, z, a, ...) m(c, a) CAIRN_EACH_43(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_45(m, c, z, a, ...) m(c, a) CAIRN_EACH_44(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_46(m, c, z, a, ...) m(c, a) CAIRN_EACH_45(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_47(m, c, z, a, ...) m(c, a) CAIRN_EACH_46(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_48(m, c, z, a, ...) m(c, a) CAIRN_EACH_47(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_49(m, c, z, a, ...) m(c, a) CAIRN_EACH_48(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_50(m, c, z, a, ...) m(c, a) CAIRN_EACH_49(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_51(m, c, z, a, ...) m(c, a) CAIRN_EACH_50(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_52(m, c, z, a, ...) m(c, a) CAIRN_EACH_51(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_53(m, c, z, a, ...) m(c, a) CAIRN_EACH_52(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_54(m, c, z, a, ...) m(c, a) CAIRN_EACH_53(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_55(m, c, z, a, ...) m(c, a) CAIRN_EACH_54(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_56(m, c, z, a, ...) m(c, a) CAIRN_EACH_55(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_57(m, c, z, a, ...) m(c, a) CAIRN_EACH_56(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_58(m, c, z, a, ...) m(c, a) CAIRN_EACH_57(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_59(m, c, z, a, ...) m(c, a) CAIRN_EACH_58(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_60(m, c, z, a, ...) m(c, a) CAIRN_EACH_59(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_61(m, c, z, a, ...) m(c, a) CAIRN_EACH_60(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_62(m, c, z, a, ...) m(c, a) CAIRN_EACH_61(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_63(m, c, z, a, ...) m(c, a) CAIRN_EACH_62(m, c, z, __VA_ARGS__)
#define CAIRN_EACH_64(m, c, z, a, ...) m(c, a) CAIRN_EACH_63(m, c, z, __VA_ARGS__)

/* The same for up to 15 items, inside an item of the other one. */
#define CAIRN_WITHIN_(m, c, ...) \
    CAIRN_JOIN_(CAIRN_WITHIN_, CAIRN_COUNT_(__VA_ARGS__))(m, c, __VA_ARGS__)
#define CAIRN_WITHIN_0(m, c, z)
#define CAIRN_WITHIN_1(m, c, z, a) m(c, a)
#define CAIRN_WITHIN_2(m, c, z, a, ...) m(c, a) CAIRN_WITHIN_1(m, c, z, __VA_ARGS__)
#define CAIRN_WITHIN_3(m, c, z, a, ...) m(c, a) CAIRN_WITHIN_2(m, c, z, __VA_ARGS__)
#define CAIRN_WITHIN_4(m, c, z, a, ...) m(c, a) CAIRN_WITHIN_3(m, c, z, __VA_ARGS__)
#define CAIRN_WITHIN_5(m, c, z, a, ...) m(c, a) CAIRN_WITHIN_4(m, c, z, __VA_ARGS__)
#define CAIRN_WITHIN_6(m, c, z, a, ...) m(c, a) CAIRN_WITHIN_5(m, c, z, __VA_ARGS__)
#define CAIRN_WITHIN_7(m, c, z, a, ...) m(c, a) CAIRN_WITHIN_6(m, c, z, __VA_ARGS__)
#define CAIRN_WITHIN_8(m, c, z, a, ...) m(c, a) CAIRN_WITHIN_7(m, c, z, __VA_ARGS__)
#define CAIRN_WITHIN_9(m, c, z, a, ...) m(c, a) CAIRN_WITHIN_8(m, c, z, __VA_ARGS__)
#define CAIRN_WITHIN_10(m, c, z, a, ...) m(c, a) CAIRN_WITHIN_9(m, c, z, __VA_ARGS__)
#define CAIRN_WITHIN_11(m, c, z, a, ...) m(c, a) CAIRN_WITHIN_10(m, c, z, __VA_ARGS__)
#define CAIRN_WITHIN_12(m, c, z, a, ...) m(c, a) CAIRN_WITHIN_11(m, c, z, __VA_ARGS__)
#define CAIRN_WITHIN_13(m, c, z, a, ...) m(c, a) CAIRN_WITHIN_12(m, c, z, __VA_ARGS__)
#define CAIRN_WITHIN_14(m, c, z, a, ...) m(c, a) CAIRN_WITHIN_13(m, c, z, __VA_ARGS__)
#define CAIRN_WITHIN_15(m, c, z, a, ...) m(c, a) CAIRN_WITHIN_14(m, c, z, __VA_ARGS__)
/* clang-format on */

#endif
