//! Plates as people and cameras write them.

use proptest::prelude::*;

use super::*;

#[test]
fn every_form_is_known_however_it_is_typed() {
    let cases = [
        ("12가3456", "12가3456", PlateForm::Private),
        (" 123 가 4567 ", "123가4567", PlateForm::Private),
        ("123주-9999", "123주9999", PlateForm::Private),
        ("１２가３４５６", "12가3456", PlateForm::Private),
        ("12\u{1100}\u{1161}3456", "12가3456", PlateForm::Private),
        ("12\u{1112}\u{1161}\u{11b8}3456", "12합3456", PlateForm::Military),
        ("서울 12 가 3456", "서울12가3456", PlateForm::Regional),
        ("경기 1 나 1234", "경기1나1234", PlateForm::Regional),
        ("서울 32 아 1234", "서울32아1234", PlateForm::Commercial),
        ("80바1234", "80바1234", PlateForm::Commercial),
        ("86배1234", "86배1234", PlateForm::Commercial),
        ("서울 70 바 1234", "서울70바1234", PlateForm::Commercial),
        ("123하4567", "123하4567", PlateForm::Rental),
        ("67호1234", "67호1234", PlateForm::Rental),
        ("12육3456", "12육3456", PlateForm::Military),
        ("외교 001-002", "외교001002", PlateForm::Diplomatic),
        ("영사 012-345", "영사012345", PlateForm::Diplomatic),
        ("외교 12", "외교12", PlateForm::Free),
        ("서울 강남 가 1234", "서울강남가1234", PlateForm::Motorcycle),
        ("서울 영등포 가 1234", "서울영등포가1234", PlateForm::Motorcycle),
        ("경기 시흥 나 4321", "경기시흥나4321", PlateForm::Motorcycle),
        ("1가2 3456", "1가23456", PlateForm::Motorcycle),
        ("012가4568", "012가4568", PlateForm::Construction),
        ("001영1234", "001영1234", PlateForm::Construction),
        ("임1234", "임1234", PlateForm::Temporary),
        ("임시 123456", "임시123456", PlateForm::Temporary),
        ("서울 강남 임시 1234", "서울강남임시1234", PlateForm::Temporary),
        ("1가234567", "1가234567", PlateForm::Free),
        ("1가1234", "1가1234", PlateForm::Free),
        ("12차1234", "12차1234", PlateForm::Free),
        ("ab-12 cde", "AB12CDE", PlateForm::Free),
    ];
    for (typed, normal, form) in cases {
        let plate = Plate::parse(typed).unwrap_or_else(|error| panic!("{typed}: {error}"));
        assert_eq!((plate.as_str(), plate.form()), (normal, form), "{typed}");
        assert_eq!(Plate::parse(normal), Ok(plate));
    }
}

#[test]
fn what_is_no_plate_says_why() {
    let cases = [
        ("", PlateError::Length(0)),
        ("가", PlateError::Length(1)),
        ("가나다", PlateError::NoDigit),
        ("12가3456; DROP", PlateError::Character(';')),
        ("=1+1", PlateError::Character('=')),
        ("12345678901234567", PlateError::Length(17)),
        ("12ㄱ3456", PlateError::Character('ㄱ')),
    ];
    for (typed, error) in cases {
        assert_eq!(Plate::parse(typed), Err(error), "{typed}");
    }
}

#[test]
fn a_stranger_sees_little() {
    let cases = [("12가3456", "**가**56"), ("123가4567", "***가**67"), ("서울32아1234", "**아**34"), ("AB12CDE", "*****DE")];
    for (plate, masked) in cases {
        assert_eq!(Plate::parse(plate).expect("a plate").masked(), masked);
    }
}

#[test]
fn confused_characters_are_nearer_than_others() {
    let cases = [
        ("12가3456", "12가3456", 0),
        ("12가3456", "12가8456", 1),
        ("12가3456", "12거3456", 1),
        ("12가3456", "12나3456", 1),
        ("12가3456", "12호3456", 2),
        ("12가3456", "12가2456", 2),
        ("123가4567", "12가4567", 2),
        ("서울32아1234", "32아1234", 1),
        ("서울32아1234", "부산32아1234", 4),
        ("12가3456", "34나7890", 12),
    ];
    for (one, other, expected) in cases {
        let (one, other) = (Plate::parse(one).expect("a plate"), Plate::parse(other).expect("a plate"));
        assert_eq!(distance(&one, &other), expected, "{one} {other}");
    }
}

#[test]
fn the_nearest_is_meant_unless_two_are_as_near() {
    let plates: Vec<Plate> = ["12가3456", "12가8456", "77너1000"].iter().map(|text| Plate::parse(text).expect("a plate")).collect();
    let meant = |text: &str| closest(&Plate::parse(text).expect("a plate"), plates.iter().zip(0..));
    assert_eq!(meant("12가3456"), Closest::Same(0));
    assert_eq!(meant("77너1008"), Closest::Near(2));
    assert_eq!(meant("12가9456"), Closest::Doubtful(vec![0, 1]));
    assert_eq!(meant("55버5555"), Closest::Nobody);
}

#[test]
fn a_region_that_only_one_bears_makes_no_other_car() {
    let cases = [
        ("서울32아1234", "32아1234", true),
        ("32아1234", "경기32아1234", true),
        ("서울32아1234", "부산32아1234", false),
        ("32아1234", "32아1234", false),
        ("서울32아1234", "32아1235", false),
        ("서울강남가1234", "강남가1234", false),
    ];
    for (one, other, same) in cases {
        let (one, other) = (Plate::parse(one).expect("a plate"), Plate::parse(other).expect("a plate"));
        assert_eq!((one.is_same_but_for_region(&other), other.is_same_but_for_region(&one)), (same, same), "{one} {other}");
    }
}

proptest! {
    #[test]
    fn distance_is_symmetric_and_zero_only_for_the_same(one in "[0-9가나거호]{2,9}", other in "[0-9가나거호]{2,9}") {
        if let (Ok(one), Ok(other)) = (Plate::parse(&one), Plate::parse(&other)) {
            prop_assert_eq!(distance(&one, &other), distance(&other, &one));
            prop_assert_eq!(distance(&one, &other) == 0, one == other);
        }
    }

    #[test]
    fn any_text_is_read_or_refused_and_reading_again_changes_nothing(text in "\\PC{0,30}") {
        if let Ok(plate) = Plate::parse(&text) {
            prop_assert_eq!(Plate::parse(plate.as_str()), Ok(plate.clone()));
            let hidden = plate.masked();
            prop_assert!(hidden.chars().count() <= PLATE_LENGTH_MAX);
        }
    }
}
