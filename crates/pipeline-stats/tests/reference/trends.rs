//! Trends: R's own series, and an example from a textbook.

use pipeline_stats::trend::{mann_kendall, theil_sen, wilson};

use crate::assert_near;

/// R's `LakeHuron`: the level in feet, 1875 to 1972.
const LAKE_HURON: [f64; 98] = [
    580.38, 581.86, 580.97, 580.8, 579.79, 580.39, 580.42, 580.82, 581.4, 581.32, 581.44, 581.68,
    581.17, 580.53, 580.01, 579.91, 579.14, 579.16, 579.55, 579.67, 578.44, 578.24, 579.1, 579.09,
    579.35, 578.82, 579.32, 579.01, 579.0, 579.8, 579.83, 579.72, 579.89, 580.01, 579.37, 578.69,
    578.19, 578.67, 579.55, 578.92, 578.09, 579.37, 580.13, 580.14, 579.51, 579.24, 578.66, 578.86,
    578.05, 577.79, 576.75, 576.75, 577.82, 578.64, 580.58, 579.48, 577.38, 576.9, 576.94, 576.24,
    576.84, 576.85, 576.9, 577.79, 578.18, 577.51, 577.23, 578.42, 579.61, 579.05, 579.26, 579.22,
    579.38, 579.1, 577.95, 578.12, 579.75, 580.85, 580.41, 579.96, 579.61, 578.76, 578.18, 577.21,
    577.13, 579.1, 578.25, 577.91, 576.89, 575.96, 576.8, 577.68, 578.38, 578.52, 579.74, 579.31,
    579.89, 579.96,
];

/// R's `Nile`: the yearly flow, 1871 to 1970. It has many ties.
const NILE: [f64; 100] = [
    1120.0, 1160.0, 963.0, 1210.0, 1160.0, 1160.0, 813.0, 1230.0, 1370.0, 1140.0, 995.0, 935.0,
    1110.0, 994.0, 1020.0, 960.0, 1180.0, 799.0, 958.0, 1140.0, 1100.0, 1210.0, 1150.0, 1250.0,
    1260.0, 1220.0, 1030.0, 1100.0, 774.0, 840.0, 874.0, 694.0, 940.0, 833.0, 701.0, 916.0, 692.0,
    1020.0, 1050.0, 969.0, 831.0, 726.0, 456.0, 824.0, 702.0, 1120.0, 1100.0, 832.0, 764.0, 821.0,
    768.0, 845.0, 864.0, 862.0, 698.0, 845.0, 744.0, 796.0, 1040.0, 759.0, 781.0, 865.0, 845.0,
    944.0, 984.0, 897.0, 822.0, 1010.0, 771.0, 676.0, 649.0, 846.0, 812.0, 742.0, 801.0, 1040.0,
    860.0, 874.0, 848.0, 890.0, 744.0, 749.0, 838.0, 1050.0, 918.0, 986.0, 797.0, 923.0, 975.0,
    815.0, 1020.0, 906.0, 901.0, 1170.0, 912.0, 746.0, 919.0, 718.0, 714.0, 740.0,
];

/// M. Hollander and D. A. Wolfe, "Nonparametric Statistical Methods", example 9.1: cloud seeding.
const SEEDING: [f64; 5] = [1.26, 1.27, 1.12, 1.16, 1.03];

/// A series, and its S, tau, z and p.
type Trend = (&'static [f64], i64, f64, f64, f64);

/// `cor.test(seq_along(v), v, method = "kendall", exact = FALSE, continuity = TRUE)`
const TRENDS: [Trend; 8] = [
    (
        &[10.0, 12.0, 11.0, 14.0, 15.0, 13.0, 17.0, 18.0],
        22,
        0.785_714_285_714,
        2.598_076_211_35,
        0.009_374_768_459_43,
    ),
    (
        &[5.0, 5.0, 6.0, 6.0, 7.0, 5.0, 8.0, 8.0, 9.0, 8.0],
        30,
        0.725_476_250_11,
        2.684_878_289_34,
        0.007_255_622_276_78,
    ),
    (
        &[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0, 8.0],
        25,
        0.394_006_261_282,
        1.668_115_312_46,
        0.095_292_838_023_5,
    ),
    (
        &[9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.5, 3.0, 2.5, 1.0],
        -45,
        -1.0,
        -3.935_479_640_4,
        8.303_070_332_64e-5,
    ),
    (&SEEDING, -6, -0.6, -1.224_744_871_39, 0.220_671_361_92),
    (
        &[1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0],
        4,
        0.188_982_236_505,
        0.433_012_701_892,
        0.665_005_542_102,
    ),
    (&LAKE_HURON, -1682, -0.354_366_707_503, -5.159_825_226_03, 2.471_804_837_73e-7),
    (&NILE, -1387, -0.280_741_334_725, -4.128_066_522_84, 3.658_262_921_66e-5),
];

#[test]
fn a_trend_is_as_sure_as_in_r() {
    for (values, s, tau, z, p) in TRENDS {
        let trend = mann_kendall(values).unwrap();
        assert_eq!(trend.s, s);
        assert_near(trend.tau, tau, 1e-9);
        assert_near(trend.z, z, 1e-9);
        assert_near(trend.p, p, 1e-8);
    }
}

#[test]
fn no_trend_is_found_in_what_has_none() {
    let equal = mann_kendall(&[0.0, -0.0, 0.0, 0.0]).unwrap();
    assert_eq!((equal.s, equal.tau, equal.z), (0, 0.0, 0.0));
    assert_near(equal.p, 1.0, 1e-12);
    assert_eq!(mann_kendall(&[1.0, 2.0]), None);
    assert_eq!(mann_kendall(&[1.0, f64::NAN, 2.0]), None);
}

/// The slopes between all pairs of points by `outer`, their median, and the ones of rank
/// `floor((N - qnorm(1 - (1 - confidence) / 2) * sqrt(variance)) / 2)` from either end.
#[test]
fn a_slope_and_its_interval_are_as_in_r() {
    let at = |from: i32, values: &[f64]| -> Vec<(f64, f64)> {
        (from..).map(f64::from).zip(values.iter().copied()).collect()
    };
    let steps = [0.0, 1.0, 2.0, 4.0, 7.0, 8.0, 11.0, 11.0, 13.0, 20.0];
    let stairs = [5.0, 5.0, 6.0, 6.0, 7.0, 5.0, 8.0, 8.0, 9.0, 8.0];
    let rising = [10.0, 12.0, 11.0, 14.0, 15.0, 13.0, 17.0, 18.0];
    let table = [
        (at(1, &SEEDING), 0.8, [-0.056_25, -0.13, 0.01, 1.316_25]),
        (at(1, &rising), 0.95, [1.0, 0.6, 1.5, 10.0]),
        (
            steps.into_iter().zip(stairs).collect(),
            0.9,
            [0.261_363_636_364, 0.125, 0.333_333_333_333, 5.0625],
        ),
        (
            at(1875, &LAKE_HURON),
            0.95,
            [-0.025_125, -0.034_929_577_464_8, -0.016_575_342_465_8, 627.341_625],
        ),
        (at(1871, &NILE), 0.99, [-2.6, -4.034_482_758_62, -1.036_363_636_36, 5890.3]),
    ];
    for (points, confidence, [slope, low, high, intercept]) in table {
        let line = theil_sen(&points, confidence).unwrap();
        assert_near(line.slope, slope, 1e-9);
        assert_near(line.low, low, 1e-9);
        assert_near(line.high, high, 1e-9);
        assert_near(line.intercept, intercept, 1e-9);
    }
}

#[test]
fn too_few_points_have_no_slope_or_no_bounds() {
    assert_eq!(theil_sen(&[(1.0, 2.0)], 0.95), None);
    assert_eq!(theil_sen(&[(1.0, 2.0), (1.0, 3.0)], 0.95), None);
    assert_eq!(theil_sen(&[(1.0, 2.0), (2.0, f64::INFINITY)], 0.95), None);
    let line = theil_sen(&[(1.0, 2.0), (2.0, 4.0)], 0.95).unwrap();
    assert_eq!((line.slope, line.intercept), (2.0, 0.0));
    assert_eq!((line.low, line.high), (f64::NEG_INFINITY, f64::INFINITY));
}

/// `prop.test(happened, total, conf.level = confidence, correct = FALSE)$conf.int`
#[test]
fn a_rate_is_drawn_as_in_r() {
    let table = [
        (0, 50, 0.95, 0.0, 0.071_347_599_133_4),
        (3, 10, 0.95, 0.107_791_267_406, 0.603_221_852_539),
        (7, 40, 0.99, 0.070_644_235_036_7, 0.371_833_353_743),
        (15, 100, 0.95, 0.093_059_852_836_6, 0.232_835_595_908),
        (50, 50, 0.95, 0.928_652_400_867, 1.0),
        (437, 12_000, 0.999, 0.031_194_707_066_9, 0.042_474_451_972_8),
    ];
    for (happened, total, confidence, low, high) in table {
        let got = wilson(happened, total, confidence);
        assert_near(got.0, low, 1e-9);
        assert_near(got.1, high, 1e-9);
    }
    assert_eq!(wilson(0, 0, 0.95), (0.0, 1.0));
    assert_eq!(wilson(9, 5, 0.95), wilson(5, 5, 0.95));
    assert_eq!(wilson(3, 10, 1.0), (0.0, 1.0));
}
