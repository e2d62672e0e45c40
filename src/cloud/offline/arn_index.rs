//! Objects of many accounts and Regions, in their order and found without going through all of them.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::site::Site;

/// An object of an account and Region that AWS gives an ARN.
pub trait HasArn {
    /// What it is looked for by in its account and Region.
    fn name(&self) -> &str;

    fn arn(&self) -> &str;
}

/// Objects of one kind.
#[derive(Clone, Debug)]
pub struct ArnIndex<T> {
    /// Nothing is left where an object was taken out.
    objects: Vec<Option<T>>,
    by_name: HashMap<(Site, String), Vec<usize>>,
    by_arn: HashMap<String, Vec<usize>>,
}

impl<T> Default for ArnIndex<T> {
    fn default() -> Self {
        Self { objects: Vec::new(), by_name: HashMap::new(), by_arn: HashMap::new() }
    }
}

impl<T: HasArn> ArnIndex<T> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.objects.iter().flatten()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The objects of that name there.
    pub(crate) fn all(&self, site: &Site, name: &str) -> impl Iterator<Item = &T> {
        let places = self.by_name.get(&(site.clone(), name.to_owned())).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|at| self.objects[*at].as_ref())
    }

    /// The first object of that name there.
    pub(crate) fn get(&self, site: &Site, name: &str) -> Option<&T> {
        self.all(site, name).next()
    }

    /// Puts an object behind all others.
    pub(crate) fn push(&mut self, object: T) {
        let at = self.objects.len();
        if let Some(site) = Site::of(object.arn()) {
            self.by_name.entry((site, object.name().to_owned())).or_default().push(at);
        }
        self.by_arn.entry(object.arn().to_owned()).or_default().push(at);
        self.objects.push(Some(object));
    }

    /// Takes out all objects with that ARN; answers the first.
    pub(crate) fn take(&mut self, arn: &str) -> Option<T> {
        let places = self.by_arn.remove(arn).unwrap_or_default();
        let taken: Vec<T> = places.into_iter().filter_map(|at| self.objects[at].take()).collect();
        taken.into_iter().next()
    }
}

impl<T: HasArn> FromIterator<T> for ArnIndex<T> {
    fn from_iter<I: IntoIterator<Item = T>>(objects: I) -> Self {
        let mut index = Self::default();
        objects.into_iter().for_each(|object| index.push(object));
        index
    }
}

impl<'de, T: HasArn + Deserialize<'de>> Deserialize<'de> for ArnIndex<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<T>::deserialize(deserializer).map(|objects| objects.into_iter().collect())
    }
}

impl<T: HasArn + Serialize> Serialize for ArnIndex<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Object(&'static str, &'static str);

    impl HasArn for Object {
        fn name(&self) -> &str {
            self.0
        }

        fn arn(&self) -> &str {
            self.1
        }
    }

    #[test]
    fn an_object_is_found_by_its_site_and_name_until_it_is_taken_out() {
        let (a, b) = ("arn:aws:sagemaker:us-east-1:1:model/m", "arn:aws:sagemaker:us-east-1:2:model/m");
        let mut index: ArnIndex<Object> =
            [Object("M", a), Object("M", b), Object("M", a), Object("X", "x")].into_iter().collect();
        let site = Site::of(a).expect("an ARN");
        assert_eq!(index.get(&site, "M").map(HasArn::arn), Some(a));
        assert!(index.get(&site, "m").is_none());
        assert_eq!(index.take(a).as_ref().map(HasArn::arn), Some(a));
        assert!(index.get(&site, "M").is_none() && index.take(a).is_none());
        index.push(Object("N", a));
        assert_eq!(index.iter().map(HasArn::name).collect::<Vec<_>>(), ["M", "X", "N"]);
    }
}
