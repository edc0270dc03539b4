//! The comparison as a picture: connects by abandoned calls, one panel a scenario, with the front that joins what nothing beats.

use crate::experiment::Days;

use super::compared::{Compared, Row};

const WIDTH: f64 = 900.0;
const PANEL: f64 = 380.0;
/// The area of the points within a panel: left, top, right, bottom.
const AREA: Area = Area {
    left: 64.0,
    top: 58.0,
    right: 500.0,
    bottom: 322.0,
};
const LEGEND: f64 = 530.0;
const LINE: f64 = 19.0;
/// Half the side of the square that a point's number takes.
const NUMBER: f64 = 8.0;

const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#1f2933}.h{font-size:14px;font-weight:600}.q{fill:#52606d}\
.g{stroke:#e4e7eb}.a{stroke:#9aa5b1}.e{stroke:#7b8794}.f{fill:none;stroke:#0b6e99;stroke-width:1.5}\
.p{fill:#9aa5b1}.p.on{fill:#0b6e99}.n{font-size:11px;text-anchor:middle}.r{text-anchor:end}.m{text-anchor:middle}";

struct Area {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

/// Values from `least` to `most`, with a line every `step`.
struct Axis {
    least: f64,
    most: f64,
    step: f64,
}

impl Axis {
    /// An axis with some four steps around the values.
    fn around(least: f64, most: f64) -> Self {
        let span = (most - least).max(most.abs() * 1e-3).max(1e-6);
        let rough = span / 4.0;
        let power = 10.0_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|times| times * power)
            .find(|step| *step >= rough)
            .unwrap_or(10.0 * power);
        let lowest = (least / step).floor() * step;
        Self {
            least: lowest,
            most: ((most / step).ceil() * step).max(lowest + step),
            step,
        }
    }

    /// Where a value lies between the ends, 0 to 1.
    fn share(&self, value: f64) -> f64 {
        (value - self.least) / (self.most - self.least).max(f64::MIN_POSITIVE)
    }

    fn lines(&self) -> impl Iterator<Item = f64> {
        // Less than half a step beyond the end is rounding.
        let (last, step) = (self.most + self.step / 2.0, self.step);
        let next = move |line: &f64| Some(line + step).filter(|line| *line < last);
        std::iter::successors(Some(self.least), next)
    }

    /// The decimals that tell two lines apart.
    fn decimals(&self) -> usize {
        [1.0, 0.1, 0.01]
            .iter()
            .take_while(|unit| self.step < **unit)
            .count()
    }
}

/// A row as a point, with where it is drawn.
struct Point<'a> {
    number: usize,
    row: &'a Row,
    x: f64,
    y: f64,
}

/// Draws a panel for each scenario.
pub(super) fn svg(compared: &[Compared], days: Days) -> String {
    let height = compared.iter().fold(0.0, |height, _| height + PANEL);
    let mut drawn = String::new();
    let mut top = 0.0;
    for found in compared {
        panel(&mut drawn, top, found, days);
        top += PANEL;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\">\n<title>Connects an hour by abandoned calls, simulated</title>\n<style>{STYLE}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n{drawn}</svg>\n"
    )
}

/// The scales of one panel.
struct Scales {
    across: Axis,
    up: Axis,
}

impl Scales {
    fn around(rows: &[Row]) -> Self {
        let extent = |value: fn(&Row) -> f64| {
            let values = rows.iter().map(value);
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            })
        };
        let (least, most) = extent(connects);
        Self {
            // An axis of shares begins at none, so that a small one looks small.
            across: Axis::around(0.0, extent(abandoned_percent).1),
            up: Axis::around(least, most),
        }
    }

    fn x(&self, percent: f64) -> f64 {
        AREA.left + self.across.share(percent) * (AREA.right - AREA.left)
    }

    fn y(&self, connects: f64) -> f64 {
        AREA.bottom - self.up.share(connects) * (AREA.bottom - AREA.top)
    }
}

fn abandoned_percent(row: &Row) -> f64 {
    row.figures.abandoned_share.mean * 100.0
}

fn connects(row: &Row) -> f64 {
    row.figures.connects_per_hour.mean
}

/// Adds a line to the picture.
fn line(drawn: &mut String, text: std::fmt::Arguments<'_>) {
    drawn.push_str(&text.to_string());
    drawn.push('\n');
}

fn panel(drawn: &mut String, top: f64, found: &Compared, days: Days) {
    let scales = Scales::around(&found.policies);
    let points: Vec<Point<'_>> = (1..)
        .zip(&found.policies)
        .map(|(number, row)| Point {
            number,
            row,
            x: scales.x(abandoned_percent(row)),
            y: scales.y(connects(row)),
        })
        .collect();
    line(drawn, format_args!("<g transform=\"translate(0 {top})\">"));
    line(
        drawn,
        format_args!(
            "<text class=\"h\" x=\"16\" y=\"24\">{}</text><text class=\"q\" x=\"16\" y=\"42\">{}; {} simulated days</text>",
            escaped(&found.scenario),
            escaped(&found.about),
            days.count
        ),
    );
    axes(drawn, &scales);
    marks(drawn, &scales, &points);
    legend(drawn, &points);
    line(drawn, format_args!("</g>"));
}

fn axes(drawn: &mut String, scales: &Scales) {
    for value in scales.across.lines() {
        let (at, decimals) = (scales.x(value), scales.across.decimals());
        line(
            drawn,
            format_args!(
                "<path class=\"g\" d=\"M{at:.1} {}V{}\"/><text class=\"q m\" x=\"{at:.1}\" y=\"{}\">{value:.decimals$}</text>",
                AREA.top,
                AREA.bottom,
                AREA.bottom + 16.0
            ),
        );
    }
    for value in scales.up.lines() {
        let (at, decimals) = (scales.y(value), scales.up.decimals());
        line(
            drawn,
            format_args!(
                "<path class=\"g\" d=\"M{} {at:.1}H{}\"/><text class=\"q r\" x=\"{}\" y=\"{:.1}\">{value:.decimals$}</text>",
                AREA.left,
                AREA.right,
                AREA.left - 6.0,
                at + 4.0
            ),
        );
    }
    line(
        drawn,
        format_args!(
            "<path class=\"a\" fill=\"none\" d=\"M{} {}V{}H{}\"/>",
            AREA.left, AREA.top, AREA.bottom, AREA.right
        ),
    );
    line(
        drawn,
        format_args!(
            "<text class=\"q m\" x=\"{}\" y=\"{}\">abandoned, % of the answered calls</text>",
            f64::midpoint(AREA.left, AREA.right),
            AREA.bottom + 36.0
        ),
    );
    line(
        drawn,
        format_args!(
            "<text class=\"q m\" transform=\"translate(18 {}) rotate(-90)\">connects an hour</text>",
            f64::midpoint(AREA.top, AREA.bottom)
        ),
    );
}

/// Draws the front, and each point with its standard errors and its number.
fn marks(drawn: &mut String, scales: &Scales, points: &[Point<'_>]) {
    let mut front: Vec<&Point<'_>> = points.iter().filter(|point| point.row.on_front).collect();
    front.sort_by(|one, other| one.x.total_cmp(&other.x));
    let path: Vec<String> = front
        .iter()
        .map(|point| format!("{:.1} {:.1}", point.x, point.y))
        .collect();
    if path.len() > 1 {
        line(
            drawn,
            format_args!("<path class=\"f\" d=\"M{}\"/>", path.join("L")),
        );
    }
    let mut taken: Vec<(f64, f64)> = points.iter().map(|point| (point.x, point.y)).collect();
    for point in points {
        let figures = &point.row.figures;
        let share_error = figures.abandoned_share.standard_error * 100.0;
        let connects_error = figures.connects_per_hour.standard_error;
        let wide = scales.x(abandoned_percent(point.row) + share_error) - point.x;
        let high = point.y - scales.y(connects(point.row) + connects_error);
        let (px, py) = (point.x, point.y);
        line(
            drawn,
            format_args!(
                "<path class=\"e\" d=\"M{:.1} {py:.1}h{:.1}M{px:.1} {:.1}v{:.1}\"/>\
                 <circle class=\"p{}\" cx=\"{px:.1}\" cy=\"{py:.1}\" r=\"4\"/>",
                px - wide,
                wide * 2.0,
                py - high,
                high * 2.0,
                if point.row.on_front { " on" } else { "" }
            ),
        );
        let (nx, ny) = place(point, &taken);
        taken.push((nx, ny));
        line(
            drawn,
            format_args!(
                "<text class=\"n\" x=\"{nx:.1}\" y=\"{:.1}\">{}</text>",
                ny + 4.0,
                point.number
            ),
        );
    }
}

fn legend(drawn: &mut String, points: &[Point<'_>]) {
    let [name, first, second, third] = [22.0, 250.0, 300.0, 352.0].map(|right| LEGEND + right);
    line(
        drawn,
        format_args!(
            "<text class=\"q r\" x=\"{first}\" y=\"70\">conn./h</text><text class=\"q r\" x=\"{second}\" y=\"70\">ab. %</text>\
             <text class=\"q r\" x=\"{third}\" y=\"70\">trans./h</text>"
        ),
    );
    let mut at = 70.0;
    for point in points {
        at += LINE;
        let figures = &point.row.figures;
        line(
            drawn,
            format_args!(
                "<text class=\"r\" x=\"{}\" y=\"{at}\">{}</text><text x=\"{name}\" y=\"{at}\">{}</text>\
                 <text class=\"r\" x=\"{first}\" y=\"{at}\">{:.1}</text><text class=\"r\" x=\"{second}\" y=\"{at}\">{:.2}</text>\
                 <text class=\"r\" x=\"{third}\" y=\"{at}\">{:.1}</text>",
                LEGEND + 14.0,
                point.number,
                escaped(&figures.arm),
                connects(point.row),
                abandoned_percent(point.row),
                figures.transitions_per_hour.mean
            ),
        );
    }
}

/// A place beside the point where its number covers neither a point nor another number, where there is one.
fn place(point: &Point<'_>, taken: &[(f64, f64)]) -> (f64, f64) {
    let far = NUMBER * 1.6;
    let around = [
        (far, -far),
        (-far, -far),
        (far, far),
        (-far, far),
        (0.0, -far * 1.2),
        (0.0, far * 1.2),
        (far * 1.4, 0.0),
        (-far * 1.4, 0.0),
    ];
    let wider = around.map(|(dx, dy)| (dx * 1.8, dy * 1.8));
    let free = |(nx, ny): &(f64, f64)| {
        let apart =
            |(x, y): &(f64, f64)| (nx - x).abs() >= NUMBER * 1.5 || (ny - y).abs() >= NUMBER * 1.5;
        *nx > AREA.left && *ny > AREA.top && taken.iter().all(apart)
    };
    let places = around.into_iter().chain(wider);
    let mut places = places.map(|(dx, dy)| (point.x + dx, point.y + dy));
    places.find(free).unwrap_or((point.x + far, point.y - far))
}

/// A text for the picture: names come from files.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_holds_its_values_between_round_lines() {
        for (least, most) in [
            (157.8, 191.3),
            (0.0, 4.12),
            (929.8, 935.9),
            (0.0, 0.0),
            (183.0, 183.0),
        ] {
            let axis = Axis::around(least, most);
            assert!(
                axis.least <= least && most <= axis.most,
                "{least} to {most}"
            );
            let lines: Vec<f64> = axis.lines().collect();
            assert!(
                (2..=8).contains(&lines.len()),
                "{least} to {most}: {lines:?}"
            );
            assert!((0.0..=1.0).contains(&axis.share(most)));
        }
        let lines: Vec<f64> = Axis::around(157.8, 191.3).lines().collect();
        assert_eq!(lines, [150.0, 160.0, 170.0, 180.0, 190.0, 200.0]);
    }

    #[test]
    fn a_name_from_a_file_is_no_markup() {
        assert_eq!(escaped("<script>&\u{1b}"), "&lt;script&gt;&amp; ");
    }
}
