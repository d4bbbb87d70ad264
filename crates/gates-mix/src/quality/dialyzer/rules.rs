//! Which warning a message of Dialyzer is. Its output does not say so (`--raw` would, and crashes in OTP 25), but
//! each kind has words of its own.

/// How a message begins, what else it contains, and the name that dialyxir has for it. The first that fits
/// counts: those that begin alike are told apart by their order.
const RULES: [(&str, &str, &str); 54] = [
    ("Function ", " will never be called", "unused_fun"),
    ("Function ", "", "no_return"),
    ("The created fun ", "", "no_return"),
    ("Fun application with arguments ", " will fail since the function has type ", "fun_app_args"),
    ("Fun application with arguments ", "", "apply"),
    ("Fun application will fail since ", "", "fun_app_no_fun"),
    ("The call ", " will never return since ", "call"),
    ("The call ", " breaks the contract ", "call"),
    ("The call ", " requires that ", "app_call"),
    ("The call ", " does not have ", "call_without_opaque"),
    ("The call ", " breaks the opacity of ", "opaque_call"),
    ("The call ", " contains ", "call_with_opaque"),
    ("Binary construction will fail ", "", "bin_construction"),
    ("Call to missing or unexported function ", "", "call_to_missing"),
    ("The test ", " can never evaluate to ", "exact_eq"),
    ("Clause guard cannot succeed. The ", "", "guard_fail_pat"),
    ("Clause guard cannot succeed", "", "guard_fail"),
    ("Guard test not(", "", "neg_guard_fail"),
    ("Guard test ", " can never succeed", "guard_fail"),
    ("Guard test ", "", "opaque_guard"),
    ("A key of type ", "", "map_update"),
    ("Cons will produce an improper list ", "", "improper_list_constr"),
    ("Record construction ", "", "record_constr"),
    ("Matching of ", "", "record_match"),
    ("The ", " violates the declared type for #", "record_matching"),
    ("The pattern ", " can never match the type ", "pattern_match"),
    ("The variable ", " can never match the type ", "pattern_match"),
    ("The pattern ", " can never match since previous ", "pattern_match_cov"),
    ("The variable ", " can never match since previous ", "pattern_match_cov"),
    ("Expression produces a value of type ", "", "unmatched_return"),
    ("Type specification ", " is not equal to ", "contract_diff"),
    ("Type specification ", " is a subtype of ", "contract_subtype"),
    ("Type specification ", " is a supertype of ", "contract_supertype"),
    ("The contract ", " cannot be right ", "contract_range"),
    ("Invalid type specification for function ", "", "invalid_contract"),
    ("The specification for ", " has an opaque subtype ", "contract_with_opaque"),
    ("The specification for ", " might also return ", "extra_range"),
    ("The success typing for ", " might also return ", "missing_range"),
    ("Overloaded contract for ", "", "overlapping_contract"),
    ("Contract for function that does not exist", "", "spec_missing_fun"),
    ("Attempt to test for equality ", "", "opaque_eq"),
    ("Attempt to test for inequality ", "", "opaque_neq"),
    ("The attempt to match a term of type ", "", "opaque_match"),
    ("The type test ", "", "opaque_type_test"),
    ("The size ", " breaks the opacity of ", "opaque_size"),
    ("The inferred return type of ", "", "callback_type_mismatch"),
    ("The inferred type for the ", "", "callback_arg_type_mismatch"),
    ("The return type ", "", "callback_spec_type_mismatch"),
    ("The specified type for the ", "", "callback_spec_arg_type_mismatch"),
    ("Undefined callback function ", "", "callback_missing"),
    ("Callback info about the ", "", "callback_info_missing"),
    ("Callback function ", " is not exported", "callback_not_exported"),
    ("Unknown function ", "", "unknown_function"),
    ("Unknown type ", "", "unknown_type"),
];

/// The name of the warning that says this; `warning` for one that later versions may have.
pub(super) fn rule(message: &str) -> &'static str {
    let fits = |it: &&(&str, &str, &str)| message.starts_with(it.0) && message.contains(it.1);
    RULES.iter().find(fits).map_or("warning", |it| it.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_that_begin_alike_are_told_apart() {
        for (message, name) in [
            ("Function a/0 has no local return", "no_return"),
            ("Function a/0 will never be called", "unused_fun"),
            ("The call 'Elixir.A':b() breaks the contract () -> 'ok'", "call"),
            (
                "The call 'Elixir.A':b(1) does not have an opaque term of type t as 1st argument",
                "call_without_opaque",
            ),
            ("Guard test not(is_atom(x)) can never succeed", "neg_guard_fail"),
            ("Guard test is_map('a') can never succeed", "guard_fail"),
            (
                "Clause guard cannot succeed. The pattern _ was matched against the type 1",
                "guard_fail_pat",
            ),
            (
                "The pattern 'a' can never match since previous clauses completely covered the type 'b'",
                "pattern_match_cov",
            ),
            ("Something that nobody has seen yet", "warning"),
        ] {
            assert_eq!(rule(message), name, "{message}");
        }
    }
}
