//! Names of files and modules, and tests without what they test.

use elixir_syntax::{Module, ModuleKind};

use super::{NAMING, ORPHAN, is_fixture};
use crate::doctrine::{Codebase, Found, Outline, Role, Source};

/// What a name ends in that says nothing of what a module does.
const VAGUE: [&str; 3] = ["Manager", "Handler", "Utils"];
/// Folders of tests that are about no single file.
const WHOLE: [&str; 9] = [
    "integration",
    "integration_test",
    "features",
    "feature",
    "e2e",
    "acceptance",
    "system",
    "support",
    "fixtures",
];

pub(super) fn look(source: &Source, found: &mut Found) {
    let Some(elixir) = source.lib() else { return };
    // What stands for code of others, or is generated from another language, has its own names.
    if is_fixture(source.path) || source.path.ends_with(".pb.ex") {
        return;
    }
    let stem = source.file_name().trim_end_matches(".ex");
    // A task of Mix has the name of its module, with points.
    let is_plain = |it: char| it.is_lowercase() || it.is_numeric() || it == '_';
    if !stem.chars().all(|it| is_plain(it) || it == '.' && source.is_mix_task()) {
        found.file(&NAMING, format!("the name `{stem}.ex` is not in snake_case"));
    }
    let own =
        |it: &&Module| it.kind != ModuleKind::Implementation && !it.quoted && is_name(&it.name);
    let modules: Vec<_> = elixir.code.modules().iter().filter(own).collect();
    // One file for all exceptions is how people keep them.
    let is_collection = matches!(stem, "exceptions" | "errors");
    let fits_one = is_collection || modules.iter().any(|it| fits(&it.name, source.path));
    if let Some(first) = modules.first().filter(|_| !fits_one) {
        let message = format!("`{}` is in a file whose path says something else", first.name);
        found.node(&NAMING, first.node.kid(0).unwrap_or(first.node), message);
    }
    for module in modules {
        if let Some(vague) = VAGUE.iter().find(|it| module.name.ends_with(**it)) {
            let message =
                format!("`{}` does not say what it does: {vague} may be anything", module.name);
            found.node(&NAMING, module.node.kid(0).unwrap_or(module.node), message);
        }
    }
}

/// Only running the code would tell other names.
fn is_name(name: &str) -> bool {
    name.starts_with(|it: char| it.is_uppercase()) && !name.contains(['(', ' ', '#', '"'])
}

/// Is the module's name what stands in the path, the last of it at the end? `Phx.New.Web` may be `phx_new/web.ex`, and folders
/// in between are how people group files (`controllers`, `live`).
fn fits(module: &str, path: &str) -> bool {
    let plain = |it: &str| it.replace(['_', '.'], "").to_lowercase();
    let path = path.trim_end_matches(".ex");
    let mut places = path.rsplit('/').map(plain);
    let name = plain(module);
    let Some(mut rest) = places.next().and_then(|it| name.strip_suffix(it.as_str())) else {
        return false;
    };
    for place in places {
        rest = rest.strip_suffix(place.as_str()).unwrap_or(rest);
    }
    rest.is_empty()
}

/// Tests whose file is gone, or somewhere else.
pub(super) fn orphans(codebase: &Codebase, found: &mut Found) {
    for (path, _) in codebase.meant().filter(|(_, it)| it.role == Role::Test && it.tracked) {
        let Some(rest) = path.strip_suffix("_test.exs") else { continue };
        let Some((root, within)) = split_at_test(rest) else { continue };
        let about_all = path.split('/').any(|it| WHOLE.contains(&it));
        if about_all || is_tested(root, within, codebase) || tests_a_module(path, codebase) {
            continue;
        }
        let message = format!("there is no {root}lib/{within}.ex that this could test");
        found.path(&ORPHAN, path, None, message);
    }
}

/// `apps/shop/test/shop/cart` as `apps/shop/` and `shop/cart`.
fn split_at_test(path: &str) -> Option<(&str, &str)> {
    if let Some(within) = path.strip_prefix("test/") {
        return Some(("", within));
    }
    let at = path.find("/test/")?;
    Some((&path[..=at], &path[at + "/test/".len()..]))
}

/// Is there the file, a folder of that name, or a file of that name elsewhere in the application?
fn is_tested(root: &str, within: &str, codebase: &Codebase) -> bool {
    let lib = format!("{root}lib/");
    // `shop/cart/totals_test.exs` may be about a part of `shop/cart.ex`.
    let whole = within.rsplit_once('/').map(|it| it.0).filter(|it| it.contains('/'));
    if whole.is_some_and(|it| codebase.has(&format!("{lib}{it}.ex"))) {
        return true;
    }
    let name = within.rsplit('/').next().unwrap_or(within);
    let (file, folder) = (format!("/{name}.ex"), format!("/{name}/"));
    let below =
        codebase.files.range(lib.clone()..).map(|it| it.0).take_while(|it| it.starts_with(&lib));
    let mut below = below.map(|it| &it[lib.len() - 1..]);
    below.any(|it| it.ends_with(&file) || it.contains(&folder))
}

/// Does a module that the project has stand in the name of the test's module? Only known when all files were read.
fn tests_a_module(path: &str, codebase: &Codebase) -> bool {
    let named = |it: &Outline| -> Vec<String> {
        it.modules.iter().filter_map(|it| it.strip_suffix("Test")).map(ToOwned::to_owned).collect()
    };
    let at = codebase.outlines.binary_search_by(|it| it.path.as_str().cmp(path));
    let names = at.ok().and_then(|it| codebase.outlines.get(it)).map(named).unwrap_or_default();
    let has = |name: &String| {
        codebase.outlines.iter().any(|it| it.path != path && it.modules.contains(name))
    };
    names.iter().any(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_fits_its_path() {
        for (module, path) in [
            ("Shop.Cart", "lib/shop/cart.ex"),
            ("ShopWeb.UserController", "apps/shop_web/lib/shop_web/controllers/user_controller.ex"),
            ("ShopWeb.UserLive.Index", "lib/shop_web/live/user_live/index.ex"),
            ("Shop.OAuth", "lib/shop/oauth.ex"),
            ("Mix.Tasks.Shop.Seed", "lib/mix/tasks/shop.seed.ex"),
            ("Shop", "lib/shop.ex"),
            ("Phx.New.Web", "installer/lib/phx_new/web.ex"),
            ("Web.API.V2", "lib/web/api_v2.ex"),
            ("Mix.Tasks.Gen.Auth.Hashing", "lib/mix/tasks/gen.auth/hashing.ex"),
        ] {
            assert!(fits(module, path), "{module} {path}");
        }
        for (module, path) in [
            ("Shop.Cart", "lib/shop/basket.ex"),
            ("Store.Cart", "lib/shop/cart.ex"),
            ("Shop.Cart.Item", "lib/shop/cart.ex"),
            ("Cart.Shop", "lib/cart/shop/cart.ex"),
        ] {
            assert!(!fits(module, path), "{module} {path}");
        }
        assert_eq!(split_at_test("apps/shop/test/shop/cart"), Some(("apps/shop/", "shop/cart")));
    }
}
