//! The playbooks of the rules that found something, a fold each. The script puts copies of them into the incidents.

use std::io;

use super::{Page, prose};
use crate::{
    escape,
    report::model::{Playbook, Step},
};

impl Page<'_> {
    pub(super) fn playbooks(&mut self) -> io::Result<()> {
        let playbooks = Playbook::all(self.report);
        if playbooks.is_empty() {
            return writeln!(self.out, "<p>There are none for what was found.</p>");
        }
        playbooks.iter().try_for_each(|playbook| self.playbook(playbook))
    }

    fn playbook(&mut self, playbook: &Playbook<'_>) -> io::Result<()> {
        let rule = escape::html(playbook.rule);
        writeln!(self.out, "<details class=\"playbook\" data-rule=\"{rule}\"><summary><code>{rule}</code></summary>")?;
        writeln!(
            self.out,
            "<div class=\"steps\"><p class=\"copied\">At <code>{}</code></p>",
            escape::html(playbook.url)
        )?;
        writeln!(self.out, "<ol>")?;
        playbook.steps.iter().try_for_each(|step| self.step(step))?;
        writeln!(self.out, "</ol></div></details>")
    }

    fn step(&mut self, step: &Step) -> io::Result<()> {
        writeln!(self.out, "<li><b>{}</b> {}", step.phase, prose(&step.text))?;
        if !step.commands.is_empty() {
            let lines: Vec<String> = step.commands.iter().map(|line| escape::html(line)).collect();
            writeln!(self.out, "<div class=\"copied\"><pre><code>{}</code></pre></div>", lines.join("\n"))?;
        }
        writeln!(self.out, "</li>")
    }
}
